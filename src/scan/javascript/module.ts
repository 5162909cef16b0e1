import { type ImportSpecifier, parse } from 'es-module-lexer/minimal'

/** Every import and `import.meta` of a module, in order; undefined for text that doesn't parse as one. */
export function parseModule(js: string): readonly ImportSpecifier[] | undefined {
  try {
    // The lexer takes a byte order mark for part of a word; a blank keeps every offset.
    return parse(js.startsWith('\uFEFF') ? ` ${js.slice(1)}` : js)[0]
  } catch {
    return undefined
  }
}
