import type { DeltaEncoding, Encoding, VariantEncoding } from '../core/encoding.ts'
import type { Manifest } from '../core/manifest/manifest.ts'
import type { LogicalPath } from '../core/path.ts'
import type { Problem } from '../core/reference/problem.ts'
import type { Shadowed, Skipped } from '../sources/finder.ts'
import type { CacheCount } from './cache/cache.ts'

/** Sums over files. */
export interface Totals {
  readonly files: number
  readonly bytes: number
}

/** The files of one encoding. */
export interface OutputTotals extends Totals {
  /** Bytes of the same files uncompressed. */
  readonly identityBytes: number
}

/** The files that have deltas, and the bytes of the smallest delta from their latest earlier content. */
export interface DeltaTotals extends Totals {
  /** Bytes of the smallest other variant of each. */
  readonly wholeBytes: number
}

/** The work of a build, counted: shows what the cache saves, on any machine alike. */
export interface BuildWork {
  /** Source files read, each reading counted. */
  readonly read: number
  /** Files scanned for references. */
  readonly scanned: number
  /** Variants compressed. */
  readonly encoded: number
  /** Variants taken from the cache or a previous build. */
  readonly recalled: number
  /** What the cache was asked for: scans, names, transforms, variants. None without a cache. */
  readonly cache: CacheCount
  /** Files written to the output, manifest and history included. */
  readonly written: number
}

/** The milliseconds of each step of a build that was taken. */
export type StepTimes = Readonly<Partial<Record<BuildStep, number>>>

/** The work of a build, and its time. */
export interface TimedWork extends BuildWork {
  readonly steps: StepTimes
}

/** The result of a build. */
export interface BuildReport {
  /** `unchanged`: the output was complete already, and nothing was written. */
  readonly kind: 'built' | 'unchanged' | 'dry-run'
  /** The output: `folder /srv/app/staticfiles`. */
  readonly out: string
  readonly manifest: Manifest
  /** The sources, without shadowed and ignored files. */
  readonly sources: Totals
  /** The build, by encoding. */
  readonly outputs: Readonly<Record<VariantEncoding, OutputTotals>>
  /** What browsers that have the build before download of changed files; undefined if there are no deltas. */
  readonly deltas: DeltaTotals | undefined
  /** Requested encodings that this runtime lacks: zstd before Node 22.15, dcz before 22.19 and 24.6, dcb before 24.15. */
  readonly leftOut: readonly (Encoding | DeltaEncoding)[]
  readonly work: BuildWork
  /** Warnings and notes, in order of file and position; errors end a build with `FP_REFERENCE`. */
  readonly problems: readonly Problem[]
  readonly shadowed: readonly Shadowed[]
  readonly skipped: readonly Skipped[]
  readonly steps: StepTimes
  readonly elapsedMs: number
}

/** The steps of a build, in order. */
export type BuildStep = 'collect' | 'scan' | 'encode' | 'publish'

/** The progress of a build. */
export type BuildEvent =
  | { readonly kind: 'step'; readonly step: BuildStep }
  | {
      readonly kind: 'progress'
      readonly step: BuildStep
      readonly done: number
      readonly total: number
      /** Source bytes done, and in all. */
      readonly bytes: number
      readonly totalBytes: number
    }
  /** This build waits for another one that holds the output. */
  | { readonly kind: 'waiting'; readonly pid: number; readonly ageSeconds: number }

/** A fault of one file. */
export interface CheckFault {
  readonly kind: 'missing' | 'size' | 'digest' | 'integrity' | 'encoding' | 'reference' | 'name' | 'record'
  /** Of a damaged `history.json` or `dictionaries.json` (`record`) its own name. */
  readonly path: LogicalPath
  /** The file in the output, relative to it. */
  readonly file: string
  /** One sentence. */
  readonly message: string
}

/** The result of a check. */
export interface CheckReport {
  readonly out: string
  readonly digest: string
  /** Files read, precompressed ones included. */
  readonly checked: Totals
  /** In order of path. Empty: no faults. */
  readonly faults: readonly CheckFault[]
  /** Precompressed files that were made again. */
  readonly repaired: readonly string[]
}

/** The result of a pack. */
export interface PackReport {
  /** The build: `folder /srv/app/staticfiles`. */
  readonly out: string
  /** Absolute path of the archive. */
  readonly archive: string
  /** The digest of the build's manifest. */
  readonly digest: string
  /** Files in the archive, the manifest included. */
  readonly files: number
  /** Bytes of the archive. */
  readonly bytes: number
}

/** The result of a prune. */
export interface PruneReport {
  readonly kind: 'pruned' | 'dry-run'
  readonly out: string
  /** Builds whose files are kept, the current one included. */
  readonly kept: number
  readonly removed: readonly { readonly file: string; readonly size: number }[]
}
