import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../core/digest.ts'
import { isSystemError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import type { ManifestVariant } from '../core/manifest.ts'
import type { SourceFile } from '../find/finder.ts'
import type { BuildCache } from './cache.ts'
import { createIndex, forgetBefore, formatIndex, mergeIndex } from './cache-index.ts'
import { INDEX_FILE, loadIndex, saveIndex, versionOf } from './cache-index-file.ts'
import { createPackStore } from './cache-pack.ts'
import { makeRoom } from './cache-room.ts'
import { SNAPSHOT_FOLDER, TEMPORARY_SNAPSHOT } from './snapshot.ts'

/** How to open a cache. */
export interface FolderCacheOptions {
  /** Absolute path of its folder. */
  readonly dir: string
  /** Bytes it may hold. */
  readonly maxBytes: number
  readonly digester: Digester
  /**
   * Milliseconds since 1970, by the clock the filesystem stamps files with: never one that is set for reproducible
   * output. Default: the system's.
   */
  readonly wallClock?: () => number
}

const PACK_FOLDER = 'packs'

const HOUR_MS = 3_600_000

/** A use is noted only if the last noted one is older than this: else every warm build would write the index. */
const NOTE_AFTER_MS = HOUR_MS

const DAY_MS = 86_400_000

const TOLERATED = [
  'ENOSPC',
  'EDQUOT',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EMFILE',
  'EIO',
  'ENOENT',
]

/** Opens the cache in a folder. What can't be read of it is not known; nothing in it can fail a build. */
export function openFolderCache(options: FolderCacheOptions): BuildCache {
  const { dir, maxBytes, digester, wallClock = Date.now } = options
  const packFolder = join(dir, PACK_FOLDER)
  const packs = createPackStore(packFolder)
  const version = versionOf(dir)
  const index = loadIndex(dir, digester) ?? createIndex()
  const now = wallClock()
  let isDirty = false
  let isBroken = false

  // A full or read-only disk under the cache costs the next build its time, and this one nothing.
  const guard = <T>(write: () => T): T | undefined => {
    if (isBroken) return undefined
    try {
      return write()
    } catch (error) {
      if (!isSystemError(error, ...TOLERATED)) throw error
      isBroken = true
      return undefined
    }
  }
  const use = <T extends { usedAt: number }>(entry: T | undefined): T | undefined => {
    if (entry !== undefined && now - entry.usedAt > NOTE_AFTER_MS) {
      entry.usedAt = now
      isDirty = true
    }
    return entry
  }
  const keep = <T>(map: Map<string, T>, key: string, entry: T) => {
    map.set(key, entry)
    isDirty = true
  }

  return {
    findFingerprint(file) {
      const entry = use(index.fingerprints.get(file.absolutePath))
      return entry?.stat === statOf(file) ? entry.fingerprint : undefined
    },
    keepFingerprint(file, fingerprint) {
      if (!isTrustworthy(file, wallClock())) return
      keep(index.fingerprints, file.absolutePath, { usedAt: now, stat: statOf(file), fingerprint })
    },
    findScan: (key) => use(index.scans.get(key))?.value,
    keepScan: (key, value) => keep(index.scans, key, { usedAt: now, value }),
    findNames: (key) => use(index.names.get(key))?.value,
    keepNames: (key, value) => keep(index.names, key, { usedAt: now, value }),
    findVariant(key) {
      const entry = use(index.variants.get(key))
      if (entry === undefined) return undefined
      return entry.etag === '' ? 'unprofitable' : { size: entry.size, etag: entry.etag }
    },
    async readVariant(key) {
      const entry = index.variants.get(key)
      const bytes = entry && packs.read(entry, entry.size)
      return bytes !== undefined && digester.of(bytes) === entry?.etag ? bytes : undefined
    },
    async keepVariant(key, known, bytes) {
      const { size, etag }: ManifestVariant = known === 'unprofitable' ? { size: 0, etag: '' } : known
      const place = bytes === undefined ? { pack: '', offset: 0 } : guard(() => packs.append(bytes))
      if (place !== undefined) keep(index.variants, key, { usedAt: now, size, etag, ...place })
    },
    async close() {
      guard(() => packs.close())
      if (!isDirty || isBroken) return
      const other = versionOf(dir) === version ? undefined : loadIndex(dir, digester)
      if (other !== undefined) mergeIndex(index, other)
      forgetBefore(index, now - LIMITS.buildCacheMaxIdleDays * DAY_MS)
      guard(() => {
        const fresh = createPackStore(packFolder)
        makeRoom(index, { maxBytes, digester, now: wallClock(), packs, fresh })
        fresh.close()
        packs.close()
        saveIndex(dir, formatIndex(index, digester))
        sweepTemporaries(dir, wallClock() - HOUR_MS)
      })
    },
  }
}

/** What a killed build may leave of an index that it was writing. */
const TEMPORARY_INDEX = /^index\.[0-9a-f]{16}\.tmp$/

/** Removes what killed builds left half-written in a cache folder, if it was written before a time. */
function sweepTemporaries(dir: string, beforeMs: number): void {
  for (const folder of [dir, join(dir, SNAPSHOT_FOLDER)]) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      if (!TEMPORARY_INDEX.test(name) && !TEMPORARY_SNAPSHOT.test(name)) continue
      const modifiedMs = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
      if (modifiedMs < beforeMs) rmSync(join(folder, name), { force: true })
    }
  }
}

/** Removes a cache: what fingerpost keeps in the folder, and nothing else that may be in it. */
export function clearCache(dir: string): void {
  rmSync(join(dir, INDEX_FILE), { force: true })
  sweepTemporaries(dir, Number.POSITIVE_INFINITY)
  rmSync(join(dir, PACK_FOLDER), { recursive: true, force: true })
  rmSync(join(dir, SNAPSHOT_FOLDER), { recursive: true, force: true })
}

/** What changes with every edit a filesystem knows of. */
function statOf({ size, mtimeNs, ctimeNs, inode }: SourceFile): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${inode}`
}

/**
 * A file edited within the clock's grain of being read may be edited once more without its stat changing. Its stat is
 * trusted only if it lay still for a while.
 */
function isTrustworthy({ mtimeNs, ctimeNs }: SourceFile, nowMs: number): boolean {
  const youngest = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n)
  return nowMs - youngest > LIMITS.statTrustSeconds * 1000
}
