import type { Spelling } from '../../core/reference/reference.ts'

/** A backslash and what it stands for (ECMA-262 §12.9.4): a line end, an octet, a code unit, a code point, the rest. */
const ESCAPE =
  /\\(?:(\r\n|[\n\r\u2028\u2029])|x([0-9a-f]{2})|u([0-9a-f]{4})|u\{0*([0-9a-f]{1,6})\}|([\s\S]?))/giu

const SINGLE_ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  0: '\0',
}

/** A string literal or template, as part of a regular expression: the group `literal`, quotes included. */
export const LITERAL = [
  String.raw`(?<literal>"[^"\\\n\r]*(?:\\[\s\S][^"\\\n\r]*)*"`,
  String.raw`'[^'\\\n\r]*(?:\\[\s\S][^'\\\n\r]*)*'`,
  String.raw`\x60[^\x60\\]*(?:\\[\s\S][^\x60\\]*)*\x60)`,
].join('|')

/** Blanks and comments, as part of a regular expression. Each loop is unrolled, so that no text makes it backtrack. */
export const BLANKS = String.raw`(?:\s|\/\*[^*]*\*+(?:[^*/][^*]*\*+)*\/|\/\/[^\n\r\u2028\u2029]*)*`

/**
 * What a literal means, and where each character of it stands. A template counts up to its first hole, and only if a
 * query or fragment has begun before it: until there, the name is complete.
 *
 * @param start offset of the opening quote
 * @param end offset behind the closing quote
 * @returns undefined for a template whose name is computed
 */
export function spellLiteral(js: string, start: number, end: number): Spelling | undefined {
  const quote = js.charAt(start)
  if (quote !== '`') return spellJs(js, start + 1, end - 1)
  const hole = holeIn(js.slice(start + 1, end - 1))
  if (hole === -1) return spellJs(js, start + 1, end - 1)
  const known = spellJs(js, start + 1, start + 1 + hole)
  return /[?#]/.test(known.text) ? known : undefined
}

/** Undoes the escapes between two offsets. */
export function spellJs(js: string, start: number, end: number): Spelling {
  const written = js.slice(start, end)
  if (!written.includes('\\')) return { text: written, start, end }
  const offsets: number[] = []
  let text = ''
  let done = 0
  for (const match of written.matchAll(ESCAPE)) {
    for (let index = done; index < match.index; index++) offsets.push(start + index)
    const meaning = meaningOf(match)
    for (let index = 0; index < meaning.length; index++) offsets.push(start + match.index)
    text += written.slice(done, match.index) + meaning
    done = match.index + match[0].length
  }
  for (let index = done; index < written.length; index++) offsets.push(start + index)
  return { text: text + written.slice(done), start, end, offsets }
}

function meaningOf([, lineEnd, octet, unit, point, other]: RegExpMatchArray): string {
  if (lineEnd !== undefined) return ''
  const hex = octet ?? unit ?? point
  if (hex === undefined) return SINGLE_ESCAPES[other ?? ''] ?? other ?? ''
  const value = Number.parseInt(hex, 16)
  return value > 0x10ffff ? '\uFFFD' : String.fromCodePoint(value)
}

/** Where the first `${` of a template is, or -1. An escaped one is text. */
function holeIn(template: string): number {
  for (let index = 0; index < template.length; index++) {
    if (template[index] === '\\') index++
    else if (template.startsWith('${', index)) return index
  }
  return -1
}
