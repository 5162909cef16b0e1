import type { Spelling } from '../../core/reference/reference.ts'
import { spell } from '../spelling.ts'

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

/**
 * What a literal means, and where each character of it stands. A template counts up to its first hole, and only if a
 * query or fragment begins before it: then the name is complete.
 *
 * @param start offset of the opening quote
 * @param end offset after the closing quote
 * @returns undefined for a template whose name is computed
 */
export function spellLiteral(js: string, start: number, end: number): Spelling | undefined {
  const hole = js[start] === '`' ? findHole(js.slice(start + 1, end - 1)) : -1
  if (hole === -1) return spellJs(js, start + 1, end - 1)
  const known = spellJs(js, start + 1, start + 1 + hole)
  return /[?#]/.test(known.text) ? known : undefined
}

/** Undoes the escapes between two offsets. */
export function spellJs(js: string, start: number, end: number): Spelling {
  const spelling = spell(js, { start, end }, ESCAPE, ([, lineEnd, octet, unit, point, other]) => {
    if (lineEnd !== undefined) return ''
    const hex = octet ?? unit ?? point
    if (hex === undefined) return SINGLE_ESCAPES[other ?? ''] ?? other ?? ''
    const value = Number.parseInt(hex, 16)
    return value > 0x10ffff ? '\uFFFD' : String.fromCodePoint(value)
  })
  return { ...spelling, escapeText: escapeJs }
}

function escapeJs(text: string): string {
  return text.replace(/['$]/g, '\\$&')
}

/** The offset after a string or template without nested ones; undefined where none begins or it isn't closed. */
export function endOfLiteral(js: string, start: number): number | undefined {
  const quote = js[start]
  if (quote !== '"' && quote !== "'" && quote !== '`') return undefined
  for (let at = start + 1; at < js.length; at++) {
    const character = js[at]
    if (character === quote) return at + 1
    if (character === '\\') at++
    else if (quote !== '`' && (character === '\n' || character === '\r')) return undefined
  }
  return undefined
}

/** The first offset from `start` on where neither white space nor a comment begins. */
export function skipBlanks(js: string, start: number): number {
  let at = start
  for (;;) {
    const space = /\s*/y
    space.lastIndex = at
    space.exec(js)
    at = endOfComment(js, space.lastIndex)
    if (at === space.lastIndex) return at
  }
}

/** The offset after the comment that begins here, or the same offset if none does. An unclosed one ends with the text. */
export function endOfComment(js: string, start: number): number {
  if (js.startsWith('//', start)) return endOfLine(js, start)
  if (!js.startsWith('/*', start)) return start
  const closing = js.indexOf('*/', start + 2)
  return closing === -1 ? js.length : closing + 2
}

/** The offset of the next line terminator, or of the end of the text. */
function endOfLine(js: string, start: number): number {
  const lineEnd = /[\n\r\u2028\u2029]/g
  lineEnd.lastIndex = start
  return lineEnd.exec(js)?.index ?? js.length
}

/** Where the first `${` of a template is, or -1. An escaped one is text. */
function findHole(template: string): number {
  for (let index = 0; index < template.length; index++) {
    if (template[index] === '\\') index++
    else if (template.startsWith('${', index)) return index
  }
  return -1
}
