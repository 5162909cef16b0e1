import type { LogicalPath } from '../core/path.ts'
import type { ProblemCode } from '../core/reference/problem.ts'
import type { Reference } from '../core/reference/reference.ts'

/** Part of a text: UTF-16 offsets, the end excluded. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Something a scanner saw that isn't a reference and that the author should know. */
export interface ScanNote extends Span {
  readonly code: ProblemCode
  readonly severity: 'warning' | 'note'
  /** What is true of the text at this place, or of the file where `start` equals `end`: `is not XML; …`. */
  readonly message: string
}

/** What stands in one file. Serialisable as it is, so that it can be cached. */
export interface Scan {
  /** In order of `start`, never overlapping. */
  readonly references: readonly Reference[]
  readonly notes: readonly ScanNote[]
  /** The `data:` URL in which the file carries its own source map. */
  readonly inlineMap?: Span
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
