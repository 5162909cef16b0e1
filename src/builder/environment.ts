import { FingerpostError } from '../core/error.ts'
import { createFilesystemStorage } from '../storage/disk/filesystem.ts'
import type { Storage } from '../storage/storage.ts'
import type { BuildEvent } from './report.ts'
import type { BuildConfig } from './settings/options.ts'

/** What a command of the build room gets from outside besides its options. Every field has a default. */
export interface BuildEnvironment {
  /** Where relative paths of the options start. Default: the process's working directory. */
  readonly cwd?: string
  /** The clock. Default: the system's, or `SOURCE_DATE_EPOCH` (seconds since 1970) where that is set. */
  readonly now?: () => Date
  readonly onProgress?: (event: BuildEvent) => void
  /** Ends the work early: nothing is published, the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Where the build is kept. Default: the folder `out` of the options. */
  readonly storage?: Storage
  /** `dry-run` does everything but write. Default `publish`. */
  readonly mode?: 'publish' | 'dry-run'
}

/** A {@link BuildEnvironment} with its defaults. */
export interface Surroundings {
  readonly now: () => Date
  readonly report: (event: BuildEvent) => void
  readonly signal: AbortSignal
  readonly storage: Storage
  readonly mode: 'publish' | 'dry-run'
}

/** Fills in what wasn't given. */
export function surroundingsOf(environment: BuildEnvironment, config: BuildConfig): Surroundings {
  return {
    now: environment.now ?? systemClock,
    report: environment.onProgress ?? (() => undefined),
    signal: environment.signal ?? new AbortController().signal,
    storage: environment.storage ?? createFilesystemStorage({ root: config.out }),
    mode: environment.mode ?? 'publish',
  }
}

/**
 * The system's time, or the one reproducible builds set (reproducible-builds.org, SOURCE_DATE_EPOCH).
 *
 * @throws FingerpostError `FP_CONFIG` if that isn't whole seconds: a build that took another time would be no reproduction
 */
export function systemClock(): Date {
  const epoch = process.env['SOURCE_DATE_EPOCH'] ?? ''
  if (epoch === '') return new Date()
  if (/^\d{1,11}$/.test(epoch)) return new Date(Number(epoch) * 1000)
  throw new FingerpostError('FP_CONFIG', `SOURCE_DATE_EPOCH is ${JSON.stringify(epoch)}.`, {
    remedy: 'It should be whole seconds since 1970, or not set at all.',
    details: { epoch },
  })
}
