import type { Spelling } from '../../core/reference/reference.ts'

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** A character reference or a CDATA section (XML 1.0 §4.1, §2.7). Other named references spell no URL worth the table. */
const ESCAPE = /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));|<!\[CDATA\[([\s\S]*?)\]\]>/giu

/** What a piece of markup means — an attribute's value, an element's text — and where each character of it stands. */
export function spellMarkup(markup: string, start: number, end: number): Spelling {
  const written = markup.slice(start, end)
  if (!/&|<!\[CDATA\[/.test(written)) return { text: written, start, end }
  const offsets: number[] = []
  let text = ''
  const append = (characters: string, from: number, step: 0 | 1) => {
    for (let index = 0; index < characters.length; index++) offsets.push(start + from + index * step)
    text += characters
  }
  let done = 0
  for (const match of written.matchAll(ESCAPE)) {
    append(written.slice(done, match.index), done, 1)
    const section = match[4]
    if (section === undefined) append(meaningOf(match), match.index, 0)
    else append(section, match.index + '<![CDATA['.length, 1)
    done = match.index + match[0].length
  }
  append(written.slice(done), done, 1)
  return { text, start, end, offsets }
}

/** Part of a spelling, by indices into its text. */
export function sliceSpelling(spelling: Spelling, from: number, to: number): Spelling {
  const { text, offsets } = spelling
  const part = { text: text.slice(from, to), start: offsetIn(spelling, from), end: offsetIn(spelling, to) }
  return offsets === undefined ? part : { ...part, offsets: offsets.slice(from, to) }
}

/** Where the character with this index stands; the end for the index behind the last. */
export function offsetIn({ start, end, text, offsets }: Spelling, index: number): number {
  if (index >= text.length) return end
  return offsets?.[index] ?? start + index
}

function meaningOf([, hex, decimal, name]: RegExpMatchArray): string {
  if (name !== undefined) return NAMED[name.toLowerCase()] ?? ''
  const codePoint = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return codePoint > 0x10ffff ? '\uFFFD' : String.fromCodePoint(codePoint)
}
