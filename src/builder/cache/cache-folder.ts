import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../../core/digest.ts'
import { isSystemError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ManifestVariant } from '../../core/manifest/manifest.ts'
import type { SourceFile } from '../../sources/finder.ts'
import type { BuildCache } from './cache.ts'
import { countEntries, formatIndex, loadIndex, type TableName, type ValueOf } from './cache-index.ts'
import {
  appendToIndex,
  INDEX_FILE,
  readIndexLines,
  saveIndex,
  temporaryPath,
  versionOf,
} from './cache-index-file.ts'
import { createLookup } from './cache-lookup.ts'
import { createPackStore } from './cache-pack.ts'
import { createPageFile, pageOf } from './cache-page.ts'
import { hasRoom, makeRoom } from './cache-room.ts'
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

const MAX_IDLE_MS = LIMITS.buildCacheMaxIdleDays * 24 * HOUR_MS

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
  const { lines, isWhole } = readIndexLines(dir)
  const shortLines = countShort(lines)
  const pages = createPageFile(temporaryPath(dir))
  const now = wallClock()
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
  const index = createLookup(lines, digester, (bytes) => guard(() => pages.put(bytes)) ?? pageOf(bytes))
  const find = <T extends TableName>(table: T, key: string): ValueOf<T> | undefined => {
    const entry = index.find(table, key)
    if (entry === undefined || now - entry.usedAt > MAX_IDLE_MS) return undefined
    if (now - entry.usedAt > NOTE_AFTER_MS) index.put(table, key, entry.value, now)
    return entry.value
  }
  const takeAll = () => {
    const all = index.takeAll()
    if (versionOf(dir) === version) return all
    // Another build has written meanwhile: what it has learnt stays.
    return loadIndex(createLookup(readIndexLines(dir).lines, digester).takeAll(), all)
  }
  const rewrite = () => {
    const all = takeAll()
    const usedSince = now - MAX_IDLE_MS
    saveIndex(dir, formatIndex(all, digester, usedSince))
    sweepTemporaries(dir, wallClock() - HOUR_MS)
    if (hasRoom({ dir, packs, maxBytes })) return
    const fresh = createPackStore(packFolder)
    const kept = makeRoom(all, usedSince, { dir, maxBytes, digester, now: wallClock(), packs, fresh })
    fresh.close()
    packs.close()
    saveIndex(dir, formatIndex(kept.index, digester, kept.usedSince))
  }

  const save = () => {
    const news = countEntries(index.fresh)
    if (news === 0) return
    const isSmall = news <= APPEND_MAX_ENTRIES && shortLines < APPEND_MAX_LINES
    const added = isWhole && isSmall ? Buffer.concat([...formatIndex(index.fresh, digester)]) : undefined
    if (added !== undefined && hasRoom({ dir, packs, maxBytes }, added.length)) appendToIndex(dir, added)
    else rewrite()
  }

  return {
    findFingerprint(file) {
      const known = find('fingerprints', file.absolutePath)
      return known?.stat === statOf(file) ? known.fingerprint : undefined
    },
    keepFingerprint(file, fingerprint) {
      if (!isTrustworthy(file, wallClock())) return
      index.put('fingerprints', file.absolutePath, { stat: statOf(file), fingerprint }, now)
    },
    findScan: (key) => find('scans', key),
    keepScan: (key, scan) => index.put('scans', key, scan, now),
    findNames: (key) => find('names', key),
    keepNames: (key, members) => index.put('names', key, members, now),
    findVariant(key) {
      const known = find('variants', key)
      if (known === undefined) return undefined
      return known.etag === '' ? 'unprofitable' : { size: known.size, etag: known.etag }
    },
    async readVariant(key) {
      const stored = index.find('variants', key)?.value
      const bytes = stored && packs.read(stored, stored.size)
      return bytes !== undefined && digester.of(bytes) === stored?.etag ? bytes : undefined
    },
    async keepVariant(key, known, bytes) {
      const { size, etag }: ManifestVariant = known === 'unprofitable' ? { size: 0, etag: '' } : known
      const place = bytes === undefined ? { pack: '', offset: 0 } : guard(() => packs.append(bytes))
      if (place === undefined) return
      const { pack, offset } = place
      index.put('variants', key, { size, etag, pack, offset }, now)
    },
    async close() {
      guard(() => packs.close())
      guard(save)
      pages.close()
    },
  }
}

/** News up to this many are added at the end of the index: a build of one file must not write what it knows of all. */
const APPEND_MAX_ENTRIES = 1000

/** Lines of news above which the index is written anew, each entry once. */
const APPEND_MAX_LINES = 64

/** Bytes of a line that isn't full, and so of news. */
const SHORT_LINE_BYTES = 64 * 1024

function countShort(lines: readonly Buffer[]): number {
  return lines.filter(({ length }) => length < SHORT_LINE_BYTES).length
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
