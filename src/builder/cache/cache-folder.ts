import type { Fingerprint } from '../../core/digest.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ManifestVariant } from '../../core/manifest/manifest.ts'
import type { SourceFile } from '../../sources/finder.ts'
import type { BuildCache } from './cache.ts'
import { type CacheOptions, getJson, openCache, putJson } from './store.ts'

export { clearCache } from './store.ts'

/** The cache of a build in a folder. */
export function openFolderCache(options: CacheOptions): BuildCache {
  const cache = openCache(options)
  const { clock = Date.now } = options
  const findVariant = (key: string) => getJson<ManifestVariant | 'unprofitable'>(cache, `variant ${key}`)
  return {
    findFingerprint(file) {
      const known = getJson<KnownFingerprint>(cache, `file ${file.absolutePath}`)
      return known?.stat === statOf(file) ? known.fingerprint : undefined
    },
    keepFingerprint(file, fingerprint) {
      if (!isSettled(file, clock())) return
      putJson(cache, `file ${file.absolutePath}`, { stat: statOf(file), fingerprint })
    },
    findScan: (key) => getJson(cache, `scan ${key}`),
    keepScan: (key, scan) => putJson(cache, `scan ${key}`, scan),
    findNames: (key) => getJson(cache, `names ${key}`),
    keepNames: (key, members) => putJson(cache, `names ${key}`, members),
    findVariant,
    async readVariant(key) {
      const known = findVariant(key)
      return known === undefined || known === 'unprofitable'
        ? undefined
        : cache.get(`bytes ${key} ${known.etag}`)
    },
    async keepVariant(key, known, bytes) {
      putJson(cache, `variant ${key}`, known)
      if (known !== 'unprofitable' && bytes !== undefined) cache.put(`bytes ${key} ${known.etag}`, bytes)
    },
    async close() {
      cache.close()
    },
  }
}

interface KnownFingerprint {
  readonly stat: string
  readonly fingerprint: Fingerprint
}

/** Changes with every edit that the filesystem notices. */
function statOf({ size, mtimeNs, ctimeNs, inode }: SourceFile): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${inode}`
}

/** A file edited a moment ago may be edited again without a change of its stat. */
function isSettled({ mtimeNs, ctimeNs }: SourceFile, nowMs: number): boolean {
  const youngest = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n)
  return nowMs - youngest > LIMITS.statTrustSeconds * 1000
}
