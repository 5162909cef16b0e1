import { FingerpostError } from '../core/error.ts'
import { createFilesystemStorage } from '../storage/disk/filesystem.ts'
import type { Storage } from '../storage/storage.ts'
import type { BuildEvent } from './report.ts'
import { type BuildConfig, type BuildOptions, parseBuildOptions } from './settings/options.ts'

/** What `build`, `check`, `prune` and `pack` take besides options. Every field has a default. */
export interface BuildEnvironment {
  /** Where relative paths of the options start. Default: the working directory of the process. */
  readonly cwd?: string
  /** The clock. Default: the system's, or `SOURCE_DATE_EPOCH` (seconds since 1970) if that is set. */
  readonly now?: () => Date
  readonly onProgress?: (event: BuildEvent) => void
  /** Cancels: nothing is published, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Where the build is kept. Default: the folder `out` of the options. */
  readonly storage?: Storage
  /** `dry-run` does everything except writing. Default `publish`. */
  readonly mode?: 'publish' | 'dry-run'
}

/** Options and environment, complete. */
export interface BuildContext {
  readonly config: BuildConfig
  readonly storage: Storage
  readonly mode: 'publish' | 'dry-run'
  readonly now: () => Date
  readonly report: (event: BuildEvent) => void
  readonly signal: AbortSignal
}

/** @throws FingerpostError `FP_CONFIG` */
export function createBuildContext(options: BuildOptions, environment: BuildEnvironment): BuildContext {
  const config = parseBuildOptions(options, environment.cwd ?? process.cwd())
  return {
    config,
    storage: environment.storage ?? createFilesystemStorage({ root: config.out }),
    mode: environment.mode ?? 'publish',
    now: environment.now ?? systemClock,
    report: environment.onProgress ?? (() => undefined),
    signal: environment.signal ?? new AbortController().signal,
  }
}

/**
 * The system's time, or the one set for reproducible builds (reproducible-builds.org, SOURCE_DATE_EPOCH).
 *
 * @throws FingerpostError `FP_CONFIG` if that isn't whole seconds
 */
export function systemClock(): Date {
  const epoch = process.env['SOURCE_DATE_EPOCH'] ?? ''
  if (epoch === '') return new Date()
  if (/^\d{1,11}$/.test(epoch)) return new Date(Number(epoch) * 1000)
  throw new FingerpostError('FP_CONFIG', `SOURCE_DATE_EPOCH is ${JSON.stringify(epoch)}.`, {
    remedy: 'Set it to whole seconds since 1970, or unset it.',
    details: { epoch },
  })
}
