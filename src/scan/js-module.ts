import { type ImportSpecifier, parse } from 'es-module-lexer/minimal'

/** Every import and `import.meta` of a module, in order; undefined for text that doesn't parse as one. */
export function parseModule(js: string): readonly ImportSpecifier[] | undefined {
  try {
    return parse(js)[0]
  } catch {
    return undefined
  }
}
