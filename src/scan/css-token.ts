import type { Spelling } from '../core/reference/reference.ts'
import { spell } from './spelling.ts'

const REPLACEMENT = '\uFFFD'
const LAST_CODE_POINT = 0x10ffff

/** A backslash and what it stands for: a line end, up to six hex digits and one blank, or any other code point. */
const ESCAPE = /\\(?:(\r\n|[\n\r\f])|([0-9a-f]{1,6})(?:\r\n|[\n\r\f\t ])?|([\s\S]?))/giu

/** What a string token means, spelled without its quotes. The end of the file may take the place of the closing quote. */
export function spellStringToken(css: string, start: number, tokenEnd: number): Spelling {
  const last = tokenEnd - 1
  const isClosed = last > start && css[last] === css[start] && !isEscaped(css, last)
  return spellCss(css, start + 1, isClosed ? last : tokenEnd, '')
}

/** What a url token means, spelled without `url(`, `)` and the blanks inside them. */
export function spellUrlToken(css: string, start: number, tokenEnd: number): Spelling {
  const isClosed = css[tokenEnd - 1] === ')' && !isEscaped(css, tokenEnd - 1)
  const end = isClosed ? tokenEnd - 1 : tokenEnd
  let from = css.indexOf('(', start) + 1
  while (from < end && isBlank(css, from)) from++
  return spellCss(css, from, endOfUrl(css, from, end), REPLACEMENT)
}

/**
 * Undoes the escapes of a CSS string or unquoted URL (CSS Syntax 3 §4.3.7).
 *
 * @param start offset into `css` just after the opening quote, or of the URL's first character
 * @param end offset of the closing quote, or after the URL's last character
 * @param dangling what a backslash at the end of the file stands for: nothing in a string, U+FFFD in a URL
 */
function spellCss(css: string, start: number, end: number, dangling: string): Spelling {
  const spelling = spell(css, { start, end }, ESCAPE, (match) => {
    return match[0] === '\\' ? dangling : meaningOf(match)
  })
  // NUL reads as U+FFFD (CSS Syntax 3 §3.3).
  return { ...spelling, text: spelling.text.replaceAll('\0', REPLACEMENT), escapeText: escapeCss }
}

function escapeCss(text: string): string {
  return text.replace(/['"()]/g, '\\$&')
}

function meaningOf([, lineEnd, hex, other]: RegExpExecArray): string {
  if (lineEnd !== undefined) return ''
  if (hex === undefined) return other ?? ''
  const codePoint = Number.parseInt(hex, 16)
  return isScalar(codePoint) ? String.fromCodePoint(codePoint) : REPLACEMENT
}

/** False for NUL, surrogates and anything beyond Unicode: CSS reads those as U+FFFD. */
function isScalar(codePoint: number): boolean {
  return codePoint > 0 && codePoint <= LAST_CODE_POINT && (codePoint < 0xd800 || codePoint > 0xdfff)
}

/** Where the blanks after an unquoted URL begin; the first may belong to an escape: `\31 `, `\ `. */
function endOfUrl(css: string, from: number, end: number): number {
  let last = end
  while (last > from && isBlank(css, last - 1)) last--
  if (last === end) return end
  if (isEscaped(css, last)) return last + 1
  const hexEscape = /\\[0-9a-f]{1,6}$/i.exec(css.slice(Math.max(from, last - 7), last))
  if (hexEscape === null || isEscaped(css, last - hexEscape[0].length)) return last
  return css.startsWith('\r\n', last) ? last + 2 : last + 1
}

function isBlank(css: string, index: number): boolean {
  return ' \t\n\r\f'.includes(css.charAt(index))
}

/** True if an odd number of backslashes stands before this place. */
export function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text[index - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}
