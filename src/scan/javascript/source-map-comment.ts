import { insertInto } from '../../core/reference/edit.ts'
import type { Spelling } from '../../core/reference/reference.ts'
import { spellSourceMapUrl } from '../source-map-comment.ts'
import { parseModule } from './module.ts'

const COMMENT_START = /\/[/*][#@][^\S\n\r\u2028\u2029]*sourceMappingURL=/g
const LINE_END = /[\n\r\u2028\u2029]/g
const PROBE = ';import.meta;'

/**
 * The last source map comment of a script, wherever it stands: engines take it even when code follows.
 *
 * Whether `//#` starts a comment or stands in a string, template, regular expression or another comment is the
 * lexer's knowledge: it is asked by putting an `import.meta` before each candidate and seeing which ones it meets.
 */
export function findJsSourceMap(js: string): Spelling | undefined {
  const candidates = [...js.matchAll(COMMENT_START)].map(({ index }) => index)
  if (candidates.length === 0) return undefined
  const probed = insertInto(
    js,
    candidates.map((at) => ({ at, text: PROBE })),
  )
  const imports = parseModule(probed)
  if (imports === undefined) return findTrailingSourceMap(js)
  const met = new Set(imports.map(({ s }) => s))
  const comments = candidates.filter((at, count) => met.has(at + count * PROBE.length + 1))
  return comments.reduce<Spelling | undefined>((last, at) => spellComment(js, at) ?? last, undefined)
}

function spellComment(js: string, at: number): Spelling | undefined {
  const end = js.startsWith('/*', at) ? js.indexOf('*/', at) : endOfLine(js, at)
  return spellSourceMapUrl(js.slice(at + 2, end === -1 ? js.length : end), at + 2)
}

/** Without a lexer only a comment that ends the file is beyond doubt (ECMA-426 §11.1.2.1, without parsing). */
function findTrailingSourceMap(js: string): Spelling | undefined {
  const end = js.trimEnd().length
  const lineStart = Math.max(...['\n', '\r'].map((lineEnd) => js.lastIndexOf(lineEnd, end - 1))) + 1
  const indent = js.slice(lineStart, end).search(/\S/)
  return js.startsWith('//', lineStart + indent) ? spellComment(js, lineStart + indent) : undefined
}

function endOfLine(js: string, at: number): number {
  const lineEnd = new RegExp(LINE_END)
  lineEnd.lastIndex = at
  return lineEnd.exec(js)?.index ?? js.length
}
