import { createDigester, type Digester } from '../core/digest.ts'
import { type CacheOptions, getJson, putJson, withBuildsCache } from './cache/cache.ts'
import type { BuildReport, TimedWork } from './report.ts'
import type { BuildConfig } from './settings/options.ts'

/** The work that the last build of an output took, and which build that was. */
interface LastWork {
  readonly digest: string
  readonly work: TimedWork
}

/** Remembers the work of a build, so that it can be reported on later. */
export function keepLastWork(
  { cache }: BuildConfig,
  { out, manifest, work, steps }: BuildReport,
  digester: Digester,
): void {
  if (cache === false) return
  const last: LastWork = { digest: manifest.digest, work: { ...work, steps } }
  withBuildsCache({ ...cache, digester }, (builds) => putJson(builds, keyOf(out, digester), last))
}

/**
 * @param out the name of the storage: `folder /srv/app/staticfiles`
 * @returns undefined if this machine's cache doesn't know the build that is there now
 */
export async function recallLastWork(
  { cache }: BuildConfig,
  { out, digest }: { readonly out: string; readonly digest: string },
): Promise<TimedWork | undefined> {
  if (cache === false) return undefined
  const digester = await createDigester()
  const options: CacheOptions = { ...cache, digester }
  const last = withBuildsCache(options, (builds) => getJson<LastWork>(builds, keyOf(out, digester)))
  return last?.digest === digest ? last.work : undefined
}

function keyOf(out: string, digester: Digester): string {
  return digester.ofFields(['work', out])
}
