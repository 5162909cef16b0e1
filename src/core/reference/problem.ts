import type { LogicalPath } from '../path.ts'

/** What can be wrong with a reference or a file. */
export type ProblemCode =
  | 'missing' // points to a file no source has
  | 'outside' // climbs out of every source
  | 'source-map-missing' // a map that doesn't exist: never fatal
  | 'source-map-damaged' // an inline map that can't be read
  | 'unresolved-specifier' // a module specifier without extension
  | 'bad-url' // a bad url() token in CSS
  | 'custom-property' // a relative URL in a custom property of CSS
  | 'placeholder' // template syntax where a URL should be
  | 'dynamic' // a URL that is computed at run time
  | 'not-a-module' // JavaScript that doesn't parse as a module
  | 'malformed' // SVG or JSON that can't be read
  | 'integrity' // the integrity of a file that refers back to the page
  | 'package' // an npm package that is missing, or that a browser can't run
  | 'import' // a file of the sources that browsers don't import in this way
  | 'transform' // a transform or scanner of the options that failed, in live mode
  | 'charset' // text in an encoding that can't be scanned

/** One finding about one place. */
export interface Problem {
  readonly code: ProblemCode
  readonly severity: 'error' | 'warning' | 'note'
  readonly file: LogicalPath
  /** 1-based; 0 where the finding is about the whole file. */
  readonly line: number
  /** 1-based, UTF-16 code units; 0 where the finding is about the whole file. */
  readonly column: number
  /** The reference as written, e.g. `url(../img/logo.svg)` or `../img/logo.svg`. */
  readonly written: string
  /** Where it points, if anywhere. */
  readonly target?: string
  /** One sentence, without file and position. */
  readonly message: string
  /** Names the author may have meant, best first. */
  readonly nearest: readonly string[]
}

/** Problems in order of file and place. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort((a, b) => {
    if (a.file !== b.file) return a.file < b.file ? -1 : 1
    return a.line - b.line || a.column - b.column
  })
}
