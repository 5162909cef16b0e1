import type { Spelling } from '../../core/reference/reference.ts'
import { scanCssValue } from '../css.ts'
import type { Findings } from '../findings.ts'
import { type Meaning, offsetIn, spell } from '../spelling.ts'

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** A character reference (XML 1.0 §4.1). Other named references spell no URL. */
const REFERENCE = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/giu

/** Or a CDATA section or comment (XML 1.0 §2.7, §2.5); an unclosed one runs to the end, or each would be tried anew. */
const TEXT_ESCAPE =
  /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));|<!\[CDATA\[([\s\S]*?)(?:\]\]>|$)|<!--[\s\S]*?(?:-->|$)/giu

/** The value of an attribute, and where each character of it stands. */
export function spellAttribute(markup: string, start: number, end: number): Spelling {
  return spell(markup, { start, end }, REFERENCE, meaningOf)
}

/** The text of an XML element, and where each character of it stands. */
export function spellText(xml: string, start: number, end: number): Spelling {
  return spell(xml, { start, end }, TEXT_ESCAPE, meaningOf)
}

function meaningOf([, hex, decimal, name, section]: RegExpExecArray): Meaning {
  if (section !== undefined) return { text: section, at: '<![CDATA['.length }
  if (name !== undefined) return NAMED[name.toLowerCase()] ?? ''
  if (hex === undefined && decimal === undefined) return ''
  const codePoint = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return codePoint > 0x10ffff ? '\uFFFD' : String.fromCodePoint(codePoint)
}

/**
 * Adds the references of CSS within markup — a `style` attribute, whose quotes may be `&quot;` — at their places in the
 * file.
 *
 * @param outer the CSS, and where each of its characters stands in the file
 */
export function scanNestedCss(outer: Spelling, findings: Findings): void {
  const outwards = (spelling: Spelling): Spelling => {
    const { text, start, end } = spelling
    const moved = { text, start: offsetIn(outer, start), end: offsetIn(outer, end) }
    if (outer.offsets === undefined && spelling.offsets === undefined) return moved
    const offsets = Array.from({ length: text.length }, (_, index) =>
      offsetIn(outer, offsetIn(spelling, index)),
    )
    return { ...moved, offsets }
  }
  scanCssValue(outer.text, {
    addUrl: (kind, spelling) => findings.addUrl(kind, outwards(spelling)),
    // The map of a stylesheet inside a page says nothing about the page.
    addSourceMap: () => undefined,
    addNote: (note) =>
      findings.addNote({ ...note, start: offsetIn(outer, note.start), end: offsetIn(outer, note.end) }),
    toScan: findings.toScan,
  })
}
