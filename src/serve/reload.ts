import type { FastifyBaseLogger } from 'fastify'
import { FingerpostError } from '../core/error.ts'
import type { ManifestSource } from './manifest-source.ts'
import type { Site } from './site.ts'

/** Keeps a running server on the latest build. */
export interface Reloader {
  /**
   * Looks for a new build now.
   *
   * @returns true if one was taken into service, false if the one in service is still the latest
   * @throws FingerpostError `FP_MANIFEST` if the manifest is missing or damaged; the build in service stays
   */
  reload(): Promise<boolean>
  /** Looks every so many milliseconds until {@link close}. Keeps no process alive. */
  watch(intervalMs: number): void
  close(): void
}

export function createReloader(site: Site, source: ManifestSource, log: FastifyBaseLogger): Reloader {
  let looking: Promise<boolean> | undefined
  let timer: NodeJS.Timeout | undefined
  let seen = site.current.signature

  const load = async (): Promise<boolean> => {
    const loaded = await source.load()
    seen = loaded.signature
    const { manifest } = site.current
    if (loaded.manifest.url !== manifest.url) throw moved(manifest.url, loaded.manifest.url)
    if (loaded.historyFault !== undefined) log.warn(loaded.historyFault)
    const taken = site.take(loaded)
    if (taken) log.info({ digest: loaded.manifest.digest }, 'fingerpost: a new build is in service')
    return taken
  }
  // Whoever asks while somebody looks gets a look that begins after their question.
  const reload = (): Promise<boolean> => {
    const next = (looking ?? Promise.resolve()).then(load, load)
    looking = next
    return next
  }
  const look = async (): Promise<void> => {
    const signature = await source.signature()
    // While a deploy copies, there may be no manifest for a moment. There was one at the start, so there will be again.
    if (signature === undefined || signature === seen) return
    seen = signature
    await reload()
  }

  return {
    reload,
    watch(intervalMs) {
      const again = () => {
        timer = setTimeout(() => {
          look()
            .catch((error: unknown) =>
              log.error(error, 'fingerpost: the new build is refused, the old one stays'),
            )
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
    `The new build is for ${to}, this server's routes are at ${from}.`,
    {
      remedy: 'Restart the server.',
      details: { from, to },
    },
  )
}
