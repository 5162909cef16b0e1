import type { Encoding, VariantEncoding } from '../core/encoding.ts'
import type { Manifest } from '../core/manifest/manifest.ts'
import type { LogicalPath } from '../core/path.ts'
import type { Problem } from '../core/reference/problem.ts'
import type { Shadowed, Skipped } from '../sources/finder.ts'

/** Files and their bytes. */
export interface Tally {
  readonly files: number
  readonly bytes: number
}

/** The files of one encoding. */
export interface OutputTally extends Tally {
  /** Bytes of the same files as they are. */
  readonly identityBytes: number
}

/** How much work a build did, counted: what a cache saves shows here, on any machine alike. */
export interface BuildWork {
  /** Source files whose bytes were read, each reading counted. */
  readonly read: number
  /** Files whose references were looked for. */
  readonly scanned: number
  /** Variants that an encoder made. */
  readonly encoded: number
  /** Variants that came from the cache. */
  readonly recalled: number
  /** Files written to the output: identities, siblings, manifest, history. */
  readonly written: number
}

/** What a build did. */
export interface BuildReport {
  /** `unchanged`: the output was complete and right already, and nothing was written. */
  readonly kind: 'built' | 'unchanged' | 'dry-run'
  /** The output: `folder /srv/app/staticfiles`. */
  readonly out: string
  readonly manifest: Manifest
  /** What the sources hold, shadowed and ignored files left out. */
  readonly sources: Tally
  /** What the build holds, by encoding. */
  readonly outputs: Readonly<Record<VariantEncoding, OutputTally>>
  /** Encodings that were asked for and that this runtime can't make: zstd before Node 22.15. */
  readonly leftOut: readonly Encoding[]
  readonly work: BuildWork
  /** Warnings and notes, in order of file and position; errors end a build with `FP_REFERENCE`. */
  readonly problems: readonly Problem[]
  readonly shadowed: readonly Shadowed[]
  readonly skipped: readonly Skipped[]
  readonly elapsedMs: number
}

/** The steps of a build, in their order. */
export type BuildStep = 'collect' | 'scan' | 'encode' | 'publish'

/** How far a build has come. */
export type BuildEvent =
  | { readonly kind: 'step'; readonly step: BuildStep }
  | {
      readonly kind: 'progress'
      readonly step: BuildStep
      readonly done: number
      readonly total: number
      /** Source bytes done and in all. */
      readonly bytes: number
      readonly totalBytes: number
    }
  /** Another build holds the output, and this one waits for it. */
  | { readonly kind: 'waiting'; readonly pid: number; readonly ageSeconds: number }

/** What a check found wrong about one file. */
export interface CheckFault {
  readonly kind: 'missing' | 'size' | 'digest' | 'integrity' | 'encoding' | 'reference' | 'name'
  readonly path: LogicalPath
  /** The file in the output, relative to it. */
  readonly file: string
  /** One sentence. */
  readonly message: string
}

/** What a check of a build found. */
export interface CheckReport {
  readonly out: string
  readonly digest: string
  /** Files read: identities and siblings. */
  readonly checked: Tally
  /** In order of path. Empty: all is right. */
  readonly faults: readonly CheckFault[]
  /** Siblings that were made anew. */
  readonly repaired: readonly string[]
}

/** What a pack wrote. */
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

/** What a prune removed, or would remove. */
export interface PruneReport {
  readonly kind: 'pruned' | 'dry-run'
  readonly out: string
  /** Builds whose files stay, the present one included. */
  readonly kept: number
  readonly removed: readonly { readonly file: string; readonly size: number }[]
}
