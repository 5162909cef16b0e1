import type { LogicalPath } from '../core/path.ts'
import type { ProblemCode } from '../core/problem.ts'
import type { Reference } from '../core/reference.ts'

/** Something a scanner saw that isn't a reference and that the author should know. */
export interface ScanNote {
  readonly code: ProblemCode
  readonly severity: 'warning' | 'note'
  /** UTF-16 offset into the text. */
  readonly start: number
  readonly end: number
  readonly message: string
}

/** What stands in one file. Serialisable as it is, so that it can be cached. */
export interface Scan {
  /** In order of `start`, never overlapping. */
  readonly references: readonly Reference[]
  readonly notes: readonly ScanNote[]
}

/**
 * Finds references in one kind of file. A scanner accepts any text at all, never throws, and its time grows linearly.
 * It reports every URL it finds; whether a URL leads inside is decided later, by `core/specifier`.
 */
export interface Scanner {
  readonly name: string
  /** Part of the cache's key: raise it with every change that can alter a result. */
  readonly version: number
  /** True for files this scanner reads. */
  accepts(path: LogicalPath): boolean
  scan(text: string): Scan
}

/** The result for a file without references. */
export const EMPTY_SCAN: Scan = { references: [], notes: [] }
