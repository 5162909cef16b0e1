import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import type { Log } from '../http/log.ts'
import type { ManifestSource } from './manifest-source.ts'
import type { Site } from './site.ts'

/** Keeps a running server on the latest build. */
export interface Reloader {
  /**
   * Checks for a new build now.
   *
   * @returns true if one was taken into service, false if the current one is the latest
   * @throws FingerpostError `FP_MANIFEST` if the manifest is missing or damaged; the current build stays
   */
  reload(): Promise<boolean>
  /**
   * Checks because a name is unknown: another process may have the new build already. At most once a second;
   * undefined if the last check has ended and the next isn't due.
   */
  checkForMiss(): Promise<void> | undefined
  /** Checks at an interval until {@link close}. Does not keep the process alive. */
  watch(intervalMs: number): void
  close(): void
}

export function createReloader(site: Site, source: ManifestSource, log: Log): Reloader {
  let checking: Promise<boolean> | undefined
  let timer: NodeJS.Timeout | undefined
  let seen = site.current.signature
  let missCheckedAt = Number.NEGATIVE_INFINITY
  let missCheck: Promise<void> | undefined

  const load = async (): Promise<boolean> => {
    const loaded = await source.load()
    seen = loaded.signature
    const { manifest } = site.current
    if (loaded.manifest.url !== manifest.url) throw moved(manifest.url, loaded.manifest.url)
    for (const fault of loaded.faults) log.warn(fault)
    const taken = site.take(loaded)
    if (taken) log.info({ digest: loaded.manifest.digest }, 'fingerpost: a new build is in service')
    return taken
  }
  // Queue a new check if one is already running.
  const reload = (): Promise<boolean> => {
    const next = (checking ?? Promise.resolve()).then(load, load)
    checking = next
    return next
  }
  const check = async (): Promise<void> => {
    const signature = await source.signature()
    // There may be no manifest for a moment while a deploy copies files.
    if (signature === undefined || signature === seen) return
    seen = signature
    await reload()
  }

  const warn = (error: unknown) =>
    log.error(error, 'fingerpost: the new build is refused; the current one stays in service')

  return {
    reload,
    checkForMiss() {
      const now = performance.now()
      if (missCheck === undefined && now - missCheckedAt > LIMITS.missCheckMs) {
        missCheckedAt = now
        missCheck = check()
          .catch(warn)
          .finally(() => {
            missCheck = undefined
          })
      }
      return missCheck
    },
    watch(intervalMs) {
      const again = () => {
        timer = setTimeout(() => {
          check()
            .catch(warn)
            .finally(() => timer !== undefined && again())
        }, intervalMs)
        timer.unref()
      }
      again()
    },
    close() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

function moved(from: string, to: string): FingerpostError {
  return new FingerpostError(
    'FP_MANIFEST',
    `The new build is for ${to}, but this server's routes are at ${from}.`,
    {
      remedy: 'Restart the server.',
      details: { from, to },
    },
  )
}
