import type { Spelling } from '../core/reference.ts'

const REPLACEMENT = 0xfffd
const LAST_CODE_POINT = 0x10ffff

/** A backslash and what it stands for: a line end, up to six hex digits and one blank, or any other code point. */
const ESCAPE = /\\(?:(\r\n|[\n\r\f])|([0-9a-f]{1,6})(?:\r\n|[\n\r\f\t ])?|([\s\S]?))/giu

/**
 * Undoes the escapes of a CSS string or unquoted URL (CSS Syntax 3 §4.3.7), remembering where each character stands.
 *
 * @param start offset into `css` just behind the opening quote, or of the URL's first character
 * @param end offset of the closing quote, or behind the URL's last character
 * @param dangling what a backslash stands for with which the file ends: nothing in a string, U+FFFD in a URL
 */
export function spellCss(css: string, start: number, end: number, dangling = ''): Spelling {
  const written = css.slice(start, end)
  if (!written.includes('\\')) return { text: written, start, end }
  const offsets: number[] = []
  let text = ''
  const append = (characters: string, offsetOf: (index: number) => number) => {
    for (let index = 0; index < characters.length; index++) offsets.push(start + offsetOf(index))
    text += characters
  }
  let done = 0
  for (const match of written.matchAll(ESCAPE)) {
    const from = done
    append(written.slice(from, match.index), (index) => from + index)
    append(match[0] === '\\' ? dangling : meaningOf(match), () => match.index)
    done = match.index + match[0].length
  }
  append(written.slice(done), (index) => done + index)
  return { text, start, end, offsets }
}

function meaningOf([, lineEnd, hex, other]: RegExpMatchArray): string {
  if (lineEnd !== undefined) return ''
  if (hex === undefined) return other ?? ''
  const codePoint = Number.parseInt(hex, 16)
  return String.fromCodePoint(isScalar(codePoint) ? codePoint : REPLACEMENT)
}

/** False for NUL, surrogates and what lies beyond Unicode: CSS reads those as U+FFFD. */
function isScalar(codePoint: number): boolean {
  return codePoint > 0 && codePoint <= LAST_CODE_POINT && (codePoint < 0xd800 || codePoint > 0xdfff)
}
