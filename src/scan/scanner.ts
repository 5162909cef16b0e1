import type { LogicalPath } from '../core/path.ts'
import type { Problem, ProblemCode } from '../core/reference/problem.ts'
import type { Reference } from '../core/reference/reference.ts'

/** Part of a text, in UTF-16 offsets; the end is excluded. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Something other than a reference that the author should know. */
export interface ScanNote extends Span {
  readonly code: ProblemCode
  readonly severity: Problem['severity']
  /** A predicate about the text at this place, or about the file if `start` equals `end`: `is not XML; …`. */
  readonly message: string
}

/** The result of scanning one file. Serialisable. */
export interface Scan {
  /** In order of `start`, never overlapping. */
  readonly references: readonly Reference[]
  readonly notes: readonly ScanNote[]
  /** The `data:` URL of an inline source map. */
  readonly inlineMap?: Span
  /** The URLs of source map comments before the last, which tools ignore: they come from concatenated files. */
  readonly earlierMaps?: readonly Span[]
  /** A script for Node's `require`, not a module. */
  readonly isCommonJs?: boolean
  /** Reads of `process.env.NODE_ENV` that fail where there is no `process`. */
  readonly nodeEnv?: readonly Span[]
}

/**
 * Finds references in one kind of file. A scanner accepts any text, never throws (those of the options may), and takes linear time. It reports
 * every URL; whether one points to a file of the build is decided later.
 */
export interface Scanner {
  readonly name: string
  /** Part of the cache key: raise it with every change that can alter a result. */
  readonly version: number | string
  accepts(path: LogicalPath): boolean
  /** @param path for messages only: results are cached by content */
  scan(text: string, path?: LogicalPath): Scan
}

/** The result for a file without references. */
export const EMPTY_SCAN: Scan = { references: [], notes: [] }
