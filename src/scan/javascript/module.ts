import { type Import, init, parse } from 'es-module-lexer'
import { insertInto } from '../../core/reference/text.ts'
import { endOfComment } from './literal.ts'

export type { DynamicImport, ImportMetaRef } from 'es-module-lexer'

/** Starts the lexer, which is WebAssembly; the other functions of this file need it. */
export const startLexer = init

/** Every import and `import.meta` of a module, in order; undefined for text that doesn't parse as one. */
export function parseModule(js: string): readonly Import[] | undefined {
  // The lexer takes a byte order mark for part of a word; a space keeps every offset.
  const text = js.startsWith('\uFEFF') ? ` ${js.slice(1)}` : js
  const imports = tryParse(text)
  if (imports !== undefined && !imports.some((found) => hasCommentedClause(text, found))) return imports
  return tryParse(blankClauseComments(text))
}

/** True for text with a static import, an export or `import.meta`: what Node takes for an ES module. */
export function hasModuleSyntax(js: string): boolean {
  try {
    return parse(js)[3]
  } catch {
    return false
  }
}

const PROBE = ';import.meta;'

/**
 * Those of the offsets where code or a comment begins, not the middle of a string, template, regular expression or
 * comment; undefined for text that doesn't parse. The lexer tells: it reports an `import.meta` put at such an offset.
 *
 * @param offsets in ascending order
 */
export function findCodeOffsets(js: string, offsets: readonly number[]): readonly number[] | undefined {
  const insertions = offsets.map((at) => ({ at, text: PROBE }))
  const imports = parseModule(insertInto(js, insertions))
  if (imports === undefined) return undefined
  const met = new Set(imports.map(({ start }) => start))
  return offsets.filter((at, count) => met.has(at + count * PROBE.length + 1))
}

function tryParse(js: string): readonly Import[] | undefined {
  try {
    return parse(js)[0]
  } catch {
    return undefined
  }
}

function hasCommentedClause(js: string, { type, importStart, start }: Import): boolean {
  return type === 'static' && js.slice(importStart, start).includes('/')
}

/**
 * Replaces comments between `import` and its specifier by spaces: es-module-lexer 3.0.5 takes a quote in them for the
 * specifier's.
 */
function blankClauseComments(js: string): string {
  const keyword = /\bimport\b/g
  let result = ''
  let done = 0
  while (keyword.exec(js) !== null) {
    let at = skipClause(js, keyword.lastIndex)
    for (let end = endOfComment(js, at); end > at; end = endOfComment(js, at)) {
      result += js.slice(done, at) + ' '.repeat(end - at)
      done = end
      at = skipClause(js, end)
    }
    keyword.lastIndex = at
  }
  return result + js.slice(done)
}

/** The first offset from `start` on where a comment may begin, or something that an import clause doesn't have. */
function skipClause(js: string, start: number): number {
  const clause = /[^"'`;()=/]*/y
  clause.lastIndex = start
  clause.exec(js)
  return clause.lastIndex
}
