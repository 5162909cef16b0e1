import { SaxesParser } from 'saxes'
import { extensionOf, fileNameOf } from '../../core/path.ts'
import type { Spelling } from '../../core/reference/reference.ts'
import { createFindings, type Findings } from '../findings.ts'
import { EMPTY_SCAN, type Scan, type Scanner } from '../scanner.ts'
import { sliceSpelling } from '../spelling.ts'
import { CSS_ATTRIBUTES, scanNestedCss, spellAttribute, spellText, URL_ATTRIBUTES } from './markup.ts'
import { addSrcset, SRCSET_ATTRIBUTES } from './srcset.ts'

/** Nearly every SVG has no references and need not be parsed. A backslash may spell `url(`. */
const CANDIDATE = /href|src|url\(|<style|\\/i

/** Elements whose `href` is for navigation (SVG 2 §16.1, §16.4). */
const NAVIGATION: ReadonlySet<string> = new Set(['a', 'view'])

/** Elements that animate an attribute, and the attributes with its values (SVG Animations 2 §5). */
const ANIMATIONS: ReadonlySet<string> = new Set(['animate', 'set'])
const ANIMATED_VALUES: ReadonlySet<string> = new Set(['from', 'to', 'by', 'values'])

/** Errors after which reading stops; each costs a stack trace. */
const MAX_ERRORS = 1000

/** Reads SVG as XML; malformed files as far as possible. */
export const svgScanner: Scanner = {
  name: 'svg',
  version: 4,
  accepts: (path) => extensionOf(path) === '.svg',
  scan: scanSvg,
}

/** Reads the tiles of Windows, which `<meta name="msapplication-config">` names. */
export const browserConfigScanner: Scanner = {
  name: 'browserconfig',
  version: 1,
  accepts: (path) => fileNameOf(path).toLowerCase() === 'browserconfig.xml',
  scan: (xml) => scanXml(xml, readTile),
}

function scanSvg(svg: string): Scan {
  return CANDIDATE.test(svg) ? scanXml(svg, readElement) : EMPTY_SCAN
}

function scanXml(xml: string, readElement: ReadElement): Scan {
  const findings = createFindings()
  try {
    readXml(xml, findings, readElement)
  } catch (error) {
    if (!(error instanceof TooManyErrors)) throw error
    const message = 'is not well-formed XML; the readable part is rewritten, the rest is left as it is.'
    findings.addNote({ code: 'malformed', severity: 'warning', start: 0, end: 0, message })
  }
  return findings.toScan()
}

class TooManyErrors extends Error {}

/** An attribute by its local name. */
type Attributes = Map<string, Spelling>

/** Adds the references of an element. */
type ReadElement = (element: string, attributes: Attributes, findings: Findings) => void

function readXml(xml: string, findings: Findings, readElement: ReadElement): void {
  const parser = new SaxesParser()
  let attributes: Attributes = new Map()
  let styleStart = 0
  let errors = 0
  parser.on('error', () => {
    errors++
    if (errors > MAX_ERRORS) throw new TooManyErrors()
  })
  parser.on('processinginstruction', ({ target }) => {
    if (target === 'xml-stylesheet') readStylesheetInstruction(xml, parser.position, findings)
  })
  parser.on('opentagstart', () => {
    attributes = new Map()
  })
  parser.on('attribute', ({ name }) => {
    const value = valueBefore(xml, parser.position)
    if (value !== undefined) attributes.set(localName(name), value)
  })
  parser.on('opentag', ({ name, isSelfClosing }) => {
    const element = localName(name)
    readElement(element, attributes, findings)
    styleStart = element === 'style' && !isSelfClosing ? parser.position : 0
  })
  parser.on('closetag', () => {
    const end = styleStart > 0 ? xml.lastIndexOf('</', parser.position) : 0
    if (end > styleStart) scanNestedCss(spellText(xml, styleStart, end), findings)
    styleStart = 0
  })
  parser.write(xml).close()
}

function readElement(element: string, attributes: Attributes, findings: Findings): void {
  const animated = ANIMATIONS.has(element) ? attributes.get('attributeName')?.text : undefined
  const urls = URL_ATTRIBUTES.get(element.toLowerCase()) ?? []
  for (const [name, value] of attributes) {
    const isUrl = name === 'href' ? !NAVIGATION.has(element) : urls.includes(name)
    if (isUrl) findings.addUrl('svg-href', value)
    else if (SRCSET_ATTRIBUTES.has(name)) addSrcset('svg-href', value, findings)
    else if (CSS_ATTRIBUTES.has(name)) scanNestedCss(value, findings)
    else if (animated !== undefined && ANIMATED_VALUES.has(name)) readAnimation(animated, value, findings)
  }
}

/** `<square70x70logo src="a.png"/>`, `<TileImage src="a.png"/>` */
function readTile(element: string, attributes: Attributes, findings: Findings): void {
  const src = attributes.get('src')
  if (src !== undefined && /^(?:TileImage|(?:square|wide)\d+x\d+logo)$/i.test(element))
    findings.addUrl('web-manifest', src)
}

/** `<animate attributeName="href" values="a.png;b.png">`, `<set attributeName="fill" to="url(a.svg#b)">` */
function readAnimation(animated: string, values: Spelling, findings: Findings): void {
  if (CSS_ATTRIBUTES.has(animated)) scanNestedCss(values, findings)
  if (localName(animated) !== 'href') return
  for (const { index, 0: url } of values.text.matchAll(/[^;]+/g)) {
    findings.addUrl('svg-href', sliceSpelling(values, index, index + url.length))
  }
}

/** `<?xml-stylesheet href="a.css"?>` (W3C xml-stylesheet §4). @param end offset after it */
function readStylesheetInstruction(svg: string, end: number, findings: Findings): void {
  // Read again from the text: the parser's has other line ends.
  const from = svg.lastIndexOf('<?xml-stylesheet', end)
  const href = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(svg.slice(from, end))
  const value = href?.[1] ?? href?.[2]
  if (href === null || value === undefined) return
  const start = from + href.index + href[0].length - 1 - value.length
  findings.addUrl('css-import', spellAttribute(svg, start, start + value.length))
}

/** @param end offset after the closing quote */
function valueBefore(svg: string, end: number): Spelling | undefined {
  const quote = svg.charAt(end - 1)
  if (quote !== '"' && quote !== "'") return undefined
  return spellAttribute(svg, svg.lastIndexOf(quote, end - 2) + 1, end - 1)
}

/** `xlink:href` → `href` */
function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
