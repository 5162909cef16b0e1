import { SaxesParser } from 'saxes'
import { extensionOf } from '../../core/path.ts'
import type { Spelling } from '../../core/reference/reference.ts'
import { createFindings, type Findings } from '../findings.ts'
import { EMPTY_SCAN, type Scan, type Scanner } from '../scanner.ts'
import { scanNestedCss, spellAttribute, spellText } from './markup.ts'

/** Nearly every SVG has no references and need not be parsed. A backslash may spell `url(`. */
const CANDIDATE = /href|url\(|<style|\\/i

/** Elements whose `href` is for navigation (SVG 2 §16.1, §16.4). */
const NAVIGATION: ReadonlySet<string> = new Set(['a', 'view'])

/** Attributes that hold CSS in which a URL may stand (SVG 2 §6.6, and `style`). */
const CSS_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['style', 'fill', 'stroke', 'filter', 'mask', 'clip-path', 'cursor', 'color-profile'],
  ...['marker', 'marker-start', 'marker-mid', 'marker-end'],
])

/** Errors after which reading stops; each costs a stack trace. */
const MAX_ERRORS = 1000

/** Reads SVG as XML; malformed files as far as possible. */
export const svgScanner: Scanner = {
  name: 'svg',
  version: 1,
  accepts: (path) => extensionOf(path) === '.svg',
  scan: scanSvg,
}

function scanSvg(svg: string): Scan {
  if (!CANDIDATE.test(svg)) return EMPTY_SCAN
  const findings = createFindings()
  try {
    readSvg(svg, findings)
  } catch (error) {
    if (!(error instanceof TooManyErrors)) throw error
    const message = 'is not well-formed XML; the readable part is rewritten, the rest is left as it is.'
    findings.addNote({ code: 'malformed', severity: 'warning', start: 0, end: 0, message })
  }
  return findings.toScan()
}

class TooManyErrors extends Error {}

function readSvg(svg: string, findings: Findings): void {
  const parser = new SaxesParser()
  let element = ''
  let styleStart = 0
  let errors = 0
  parser.on('error', () => {
    errors++
    if (errors > MAX_ERRORS) throw new TooManyErrors()
  })
  parser.on('opentagstart', ({ name }) => {
    element = localName(name)
  })
  parser.on('attribute', ({ name }) => readAttribute(svg, element, name, parser.position, findings))
  parser.on('opentag', ({ isSelfClosing }) => {
    styleStart = element === 'style' && !isSelfClosing ? parser.position : 0
  })
  parser.on('closetag', () => {
    if (styleStart > 0) readCss(spellText(svg, styleStart, svg.lastIndexOf('</', parser.position)), findings)
    styleStart = 0
  })
  parser.write(svg).close()
}

/** @param end offset after the closing quote */
function readAttribute(svg: string, element: string, name: string, end: number, findings: Findings): void {
  const isHref = localName(name) === 'href' && !NAVIGATION.has(element)
  if (!isHref && !CSS_ATTRIBUTES.has(name)) return
  const quote = svg.charAt(end - 1)
  if (quote !== '"' && quote !== "'") return
  const start = svg.lastIndexOf(quote, end - 2) + 1
  const value = spellAttribute(svg, start, end - 1)
  if (isHref) findings.addUrl('svg-href', value)
  else readCss(value, findings)
}

function readCss(css: Spelling, findings: Findings): void {
  if (/url\(|@import|\\|src\(|image/i.test(css.text)) scanNestedCss(css, findings)
}

/** `xlink:href` → `href` */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
