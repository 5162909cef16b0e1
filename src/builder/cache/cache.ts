import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../../core/digest.ts'
import { isSystemError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import {
  canInline,
  type Entry,
  formatEntry,
  formatLines,
  idOf,
  loadEntries,
  type Place,
  parseEntry,
} from './entries.ts'
import { choosePacksToLeave, moveValues } from './evict.ts'
import { createPack, openPack, PACK_NAME, type Pack, UNFINISHED_PACK_NAME } from './pack.ts'

/**
 * Values that builds worked out. A key names everything that its value depends on (law 4). The cache never fails a build:
 * a damaged or evicted value is not found, and what can't be written is forgotten.
 */
export interface Cache {
  get(key: string): Buffer | undefined
  /** @param value a string is kept as UTF-8 */
  put(key: string, value: Uint8Array | string): void
  /** How many keys `get` has found, and how many not. */
  count(): CacheCount
  /** Writes what was put. Evicts what was not used for longest if the cache is full. */
  close(): void
}

export interface CacheCount {
  readonly hits: number
  readonly misses: number
}

/** How to open a cache. */
export interface CacheOptions {
  /** Absolute path of its folder. */
  readonly dir: string
  /** Bytes it may hold. */
  readonly maxBytes: number
  readonly digester: Digester
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly clock?: () => number
}

/** A cache that keeps nothing: `--no-cache`. */
export const NO_CACHE: Cache = {
  get: () => undefined,
  put: () => undefined,
  count: () => ({ hits: 0, misses: 0 }),
  close: () => undefined,
}

/** The value that {@link putJson} put under a key. */
export function getJson<T>(cache: Cache, key: string): T | undefined {
  const value = cache.get(key)
  return value && (JSON.parse(value.toString()) as T)
}

export function putJson(cache: Cache, key: string, value: unknown): void {
  cache.put(key, JSON.stringify(value))
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Opens the cache in a folder, which is created when there is something to write. */
export function openCache({ dir, maxBytes, digester, clock = Date.now }: CacheOptions): Cache {
  const now = clock()
  const today = Math.floor(now / DAY_MS)
  const packs = openPacks(dir, digester)
  const entries = loadEntries(packs, today - LIMITS.buildCacheMaxIdleDays)
  const own = createPack(dir, digester)
  const readers = new Map<string, Pick<Pack, 'read'>>([...packs, own].map((pack) => [pack.name, pack]))
  const changed = new Set<string>()
  let isWritable = true
  let hits = 0
  let misses = 0

  const note = (id: string, entry: Entry) => {
    entries.set(id, formatEntry(entry))
    changed.add(id)
  }
  const read = ({ pack, offset, size, digest }: Place): Buffer | undefined => {
    const value = tolerate(() => readers.get(pack)?.read(offset, size))
    return value !== undefined && digester.of(value) === digest ? value : undefined
  }
  const store = (id: string, value: Uint8Array) => {
    const offset = isWritable ? tolerate(() => own.append(value)) : undefined
    isWritable = offset !== undefined
    if (offset === undefined) return
    const place = { pack: own.name, offset, size: value.length, digest: digester.of(value) }
    note(id, { kind: 'place', usedOn: today, ...place })
  }
  const save = () => {
    if (changed.size === 0 || !isWritable) return
    const lines = [...formatLines(changed, entries)]
    const added = lines.reduce((bytes, { length }) => bytes + length, own.bytes())
    const leaving = choosePacksToLeave(packs, { added, maxBytes, now })
    if (leaving === undefined) return own.finish(lines)
    const fresh = createPack(dir, digester)
    moveValues(entries, { ...leaving, names: new Set([own.name, ...leaving.names]) }, read, fresh)
    fresh.close()
    for (const name of leaving.names) rmSync(join(dir, name), { force: true })
  }

  const find = (key: string): Buffer | undefined => {
    const id = idOf(key)
    const line = entries.get(id)
    if (line === undefined) return undefined
    const entry = parseEntry(line)
    const value = entry.kind === 'inline' ? Buffer.from(entry.text) : read(entry)
    if (value !== undefined && entry.usedOn < today) note(id, { ...entry, usedOn: today })
    return value
  }

  return {
    get(key) {
      const value = find(key)
      if (value === undefined) misses++
      else hits++
      return value
    },
    count: () => ({ hits, misses }),
    put(key, value) {
      if (canInline(value)) note(idOf(key), { kind: 'inline', usedOn: today, text: value })
      else store(idOf(key), typeof value === 'string' ? Buffer.from(value) : value)
    },
    close() {
      tolerate(save)
      for (const pack of [...packs, own]) pack.close()
      tolerate(() => sweep(dir, now))
    },
  }
}

/** Removes what caches keep in a folder and in its folder of builds, and nothing else. */
export function clearCache(dir: string): void {
  for (const folder of [dir, join(dir, BUILDS_FOLDER)]) {
    for (const name of listFolder(folder)) {
      if (PACK_NAME.test(name) || UNFINISHED_PACK_NAME.test(name)) rmSync(join(folder, name), { force: true })
    }
  }
}

/** Where in a cache folder the cache of finished builds is: a small one, so that it opens fast. */
const BUILDS_FOLDER = 'builds'

/** Opens the cache of finished builds in a cache folder, uses it and closes it. */
export function withBuildsCache<T>(options: CacheOptions, use: (builds: Cache) => T): T {
  const dir = join(options.dir, BUILDS_FOLDER)
  const builds = openCache({ ...options, dir, maxBytes: options.maxBytes * LIMITS.buildCacheBuildsShare })
  try {
    return use(builds)
  } finally {
    builds.close()
  }
}

/** The packs in a folder, oldest first. */
function openPacks(dir: string, digester: Digester): readonly Pack[] {
  const names = listFolder(dir).filter((name) => PACK_NAME.test(name))
  const packs = names.flatMap((name) => tolerate(() => openPack(dir, name, digester)) ?? [])
  return packs.sort((a, b) => a.writtenAt - b.writtenAt)
}

/** Removes what killed builds left. */
function sweep(dir: string, now: number): void {
  for (const name of listFolder(dir)) {
    const path = join(dir, name)
    if (!UNFINISHED_PACK_NAME.test(name)) continue
    const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now)
    if (age > LIMITS.buildCacheUnfinishedHours * HOUR_MS) rmSync(path, { force: true })
  }
}

function listFolder(dir: string): readonly string[] {
  return tolerate(() => readdirSync(dir)) ?? []
}

/** Errors of a full, read-only or missing folder, and of files that another build has removed. */
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

/** What `work` returns; undefined if the system refuses it. */
function tolerate<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (isSystemError(error, ...TOLERATED)) return undefined
    throw error
  }
}
