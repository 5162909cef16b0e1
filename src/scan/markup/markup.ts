import { keepSafe, type Spelling } from '../../core/reference/reference.ts'
import { scanCssValue } from '../css.ts'
import type { Findings } from '../findings.ts'
import type { Span } from '../scanner.ts'
import { type Meaning, offsetIn, spell } from '../spelling.ts'

/** Attributes that load something, by element (HTML §4.8, §4.2.4, §15; SVG 2 in HTML). */
export const URL_ATTRIBUTES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    audio: ['src'],
    body: ['background'],
    embed: ['src'],
    feimage: ['href', 'xlink:href'],
    iframe: ['src'],
    image: ['href', 'xlink:href'],
    img: ['src'],
    input: ['src'],
    object: ['data'],
    script: ['src', 'href', 'xlink:href'],
    source: ['src'],
    table: ['background'],
    td: ['background'],
    th: ['background'],
    track: ['src'],
    use: ['href', 'xlink:href'],
    video: ['src', 'poster'],
  }),
)

/** Attributes of SVG that are CSS in which a URL may stand (SVG 2 §6.6). */
export const CSS_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['style', 'fill', 'stroke', 'filter', 'mask', 'clip-path', 'cursor', 'color-profile'],
  ...['marker', 'marker-start', 'marker-mid', 'marker-end'],
])

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** A character reference (XML 1.0 §4.1). Other named references spell no URL. */
const REFERENCE = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/giu

/** Or a CDATA section or comment (XML 1.0 §2.7, §2.5); an unclosed one runs to the end, or each would be tried anew. */
const TEXT_ESCAPE =
  /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));|<!\[CDATA\[([\s\S]*?)(?:\]\]>|$)|<!--[\s\S]*?(?:-->|$)/giu

/** The value of an attribute, and where each character of it stands. */
export function spellAttribute(markup: string, start: number, end: number): Spelling {
  return { ...spell(markup, { start, end }, REFERENCE, meaningOf), escapeText: escapeMarkup }
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll("'", '&#39;')
}

/** The text of an XML element, and where each character of it stands. */
export function spellText(xml: string, start: number, end: number): Spelling {
  const spelling = spell(xml, { start, end }, TEXT_ESCAPE, meaningOf)
  // References mean nothing in a CDATA section.
  const escapeText = xml.slice(start, end).includes('<![CDATA[') ? keepSafe : escapeMarkup
  return { ...spelling, escapeText }
}

function meaningOf([, hex, decimal, name, section]: RegExpExecArray): Meaning {
  if (section !== undefined) return { text: section, at: '<![CDATA['.length }
  if (name !== undefined) return NAMED[name.toLowerCase()] ?? ''
  if (hex === undefined && decimal === undefined) return ''
  const codePoint = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return codePoint > 0x10ffff ? '\uFFFD' : String.fromCodePoint(codePoint)
}

/** Adds the references of CSS within markup, in which quotes may be `&quot;`, at their places in the file. */
export function scanNestedCss(css: Spelling, findings: Findings): void {
  if (/url\(|@import|\\|src\(|image/i.test(css.text)) scanCssValue(css.text, nestFindings(findings, css))
}

/**
 * Findings for a language within another, passed on with their places in the file.
 *
 * @param outer the inner text, and where each of its characters stands in the file
 */
export function nestFindings(findings: Findings, outer: Spelling): Findings {
  const outwards = (spelling: Spelling): Spelling => {
    const { text, start, end } = spelling
    const escapeText = (inner: string) => {
      const escaped = spelling.escapeText?.(inner)
      return escaped === undefined ? undefined : outer.escapeText?.(escaped)
    }
    const moved = { text, start: offsetIn(outer, start), end: offsetIn(outer, end), escapeText }
    if (outer.offsets === undefined && spelling.offsets === undefined) return moved
    const offsets = Array.from({ length: text.length }, (_, index) =>
      offsetIn(outer, offsetIn(spelling, index)),
    )
    return { ...moved, offsets }
  }
  return {
    addUrl: (kind, spelling, { integrity, ...extras } = {}) => {
      const moved = integrity && { integrity: spanIn(outer, integrity) }
      findings.addUrl(kind, outwards(spelling), { ...extras, ...moved })
    },
    // The map of a stylesheet inside a page says nothing about the page.
    addSourceMap: () => undefined,
    addNote: (note) => findings.addNote({ ...note, ...spanIn(outer, note) }),
    toScan: findings.toScan,
  }
}

function spanIn(outer: Spelling, { start, end }: Span): Span {
  return { start: offsetIn(outer, start), end: offsetIn(outer, end) }
}
