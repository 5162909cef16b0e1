import { type NginxDirective, parseNginxConfig } from './syntax.ts'

/** Something in a configuration that the check doesn't judge. */
export interface NotChecked {
  readonly file: string
  readonly line: number
  readonly what: string
}

/** A configuration with the files it includes. */
export interface NginxFiles {
  readonly directives: readonly NginxDirective[]
  readonly notChecked: readonly NotChecked[]
}

/** Reads the files that an `include` names, in nginx's order; undefined if it can't. */
export type ReadIncluded = (
  pattern: string,
) => readonly { readonly file: string; readonly text: string }[] | undefined

/**
 * Parses a configuration and puts included files in the places of their `include`.
 *
 * @throws FingerpostError `FP_CONFIG` with file and line where a brace or semicolon is missing
 */
export function readNginxFiles(text: string, file: string, read: ReadIncluded): NginxFiles {
  const notChecked: NotChecked[] = []
  const expand = (
    directives: readonly NginxDirective[],
    open: readonly string[],
  ): readonly NginxDirective[] =>
    directives.flatMap((directive) => {
      const { name, args, line, block } = directive
      if (block !== undefined) return [{ ...directive, block: expand(block, open) }]
      if (name !== 'include') return [directive]
      const found = read(args[0] ?? '')
      const isWithinItself = found?.some((each) => open.includes(each.file))
      if (found !== undefined && !isWithinItself)
        return found.flatMap((each) => expand(parseNginxConfig(each.text, each.file), [...open, each.file]))
      notChecked.push({ file: directive.file, line, what: `include ${args[0]}, which cannot be read` })
      return []
    })
  return { directives: expand(parseNginxConfig(text, file), []), notChecked }
}
