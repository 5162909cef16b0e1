import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../../core/digest.ts'
import { isSystemError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { createPack, openPack, PACK_NAME, type Pack, UNFINISHED_PACK_NAME } from './pack.ts'

/**
 * Values that builds worked out. A key names everything that its value depends on (law 4). The cache never fails a build:
 * a damaged or evicted value is not found, and what can't be written is forgotten.
 */
export interface Cache {
  get(key: string): Buffer | undefined
  put(key: string, value: Uint8Array): void
  /** Writes what was put. Evicts what was not used for longest if the cache is full. */
  close(): void
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
export const NO_CACHE: Cache = { get: () => undefined, put: () => undefined, close: () => undefined }

/** The value that {@link putJson} put under a key. */
export function getJson<T>(cache: Cache, key: string): T | undefined {
  const value = cache.get(key)
  return value && (JSON.parse(value.toString()) as T)
}

export function putJson(cache: Cache, key: string, value: unknown): void {
  cache.put(key, Buffer.from(JSON.stringify(value)))
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

  const note = (id: string, entry: Entry) => {
    entries.set(id, formatEntry(entry))
    changed.add(id)
  }
  const read = ({ pack, offset, size, digest }: Entry): Buffer | undefined => {
    const value = tolerate(() => readers.get(pack)?.read(offset, size))
    return value !== undefined && digester.of(value) === digest ? value : undefined
  }

  return {
    get(key) {
      const id = JSON.stringify(key)
      const line = entries.get(id)
      if (line === undefined) return undefined
      const entry = parseEntry(line)
      const value = read(entry)
      if (value !== undefined && entry.usedOn < today) note(id, { ...entry, usedOn: today })
      return value
    },
    put(key, value) {
      const offset = isWritable ? tolerate(() => own.append(value)) : undefined
      isWritable = offset !== undefined
      if (offset === undefined) return
      const place = { pack: own.name, offset, size: value.length, digest: digester.of(value) }
      note(JSON.stringify(key), { usedOn: today, ...place })
    },
    close() {
      tolerate(() => {
        if (changed.size === 0 || !isWritable) return
        const lines = [...formatLines(changed, entries)]
        const added = lines.reduce((bytes, { length }) => bytes + length, own.bytes())
        const leaving = choosePacksToLeave(packs, own.name, { added, maxBytes, now })
        if (leaving === undefined) own.finish(lines)
        else move(entries, leaving, { dir, digester, read })
      })
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
export const BUILDS_FOLDER = 'builds'

/** Where a value is. Held as a line of text: 250,000 objects take 40 MB more. */
interface Entry {
  readonly pack: string
  /** Days since 1970. */
  readonly usedOn: number
  readonly offset: number
  readonly size: number
  readonly digest: string
}

/** Lines of entries, by key in JSON, which has no tab and no line end. */
type Entries = Map<string, string>

function formatEntry({ pack, usedOn, offset, size, digest }: Entry): string {
  return `${pack}\t${usedOn}\t${offset}\t${size}\t${digest}`
}

function parseEntry(line: string): Entry {
  const [pack = '', usedOn, offset, size, digest = ''] = line.split('\t')
  return { pack, usedOn: Number(usedOn), offset: Number(offset), size: Number(size), digest }
}

/** The entries of all packs that were used since a day; the last pack that has a key decides. */
function loadEntries(packs: readonly Pack[], usedSince: number): Entries {
  const names = new Set(packs.map(({ name }) => name))
  const entries: Entries = new Map()
  for (const { index } of packs) {
    let start = 0
    for (let end = index.indexOf('\n'); end !== -1; end = index.indexOf('\n', start)) {
      const tab = index.indexOf('\t', start)
      const line = index.slice(tab + 1, end)
      const { pack, usedOn } = parseEntry(line)
      // Another build may have moved the values of a pack elsewhere while this line was written.
      if (names.has(pack) && usedOn >= usedSince) entries.set(index.slice(start, tab), line)
      start = end + 1
    }
  }
  return entries
}

function* formatLines(ids: Iterable<string>, entries: Entries): Generator<string> {
  for (const id of ids) yield `${id}\t${entries.get(id)}\n`
}

/** Packs whose values are to be moved into another. */
interface Leaving {
  readonly names: ReadonlySet<string>
  /** Bytes that values may take afterwards. */
  readonly maxBytes: number
}

/** All packs of a full cache; otherwise, if there are too many or too old ones, the small and old. */
function choosePacksToLeave(
  packs: readonly Pack[],
  own: string,
  { added, maxBytes, now }: { readonly added: number; readonly maxBytes: number; readonly now: number },
): Leaving | undefined {
  const isOld = ({ writtenAt }: Pack) => now - writtenAt > LIMITS.buildCacheMaxIdleDays * DAY_MS
  const bytes = packs.reduce((sum, pack) => sum + pack.bytes, added)
  const isFull = bytes > maxBytes
  if (!isFull && packs.length < LIMITS.buildCacheMaxPacks && !packs.some(isOld)) return undefined
  const leaving = packs.filter(
    (pack) => isFull || pack.bytes < LIMITS.buildCacheSmallPackBytes || isOld(pack),
  )
  return {
    names: new Set([own, ...leaving.map(({ name }) => name)]),
    maxBytes: maxBytes * LIMITS.buildCacheKeptShare,
  }
}

/** Moves the values of some packs into a fresh one, the last used first, and removes these packs. */
function move(
  entries: Entries,
  { names, maxBytes }: Leaving,
  context: {
    readonly dir: string
    readonly digester: Digester
    readonly read: (entry: Entry) => Buffer | undefined
  },
): void {
  const { dir, digester, read } = context
  const fresh = createPack(dir, digester)
  const kept: Entries = new Map()
  let bytes = 0
  for (const [id, line] of lastUsedFirst(entries)) {
    const entry = parseEntry(line)
    bytes += id.length + line.length + entry.size
    if (bytes > maxBytes) break
    const value = names.has(entry.pack) ? read(entry) : undefined
    if (value !== undefined)
      kept.set(id, formatEntry({ ...entry, pack: fresh.name, offset: fresh.append(value) }))
    else if (!names.has(entry.pack)) kept.set(id, line)
  }
  fresh.finish(formatLines(kept.keys(), kept))
  fresh.close()
  for (const name of names) rmSync(join(dir, name), { force: true })
}

function lastUsedFirst(entries: Entries): readonly (readonly [id: string, line: string, usedOn: number])[] {
  const dated = Array.from(entries, ([id, line]) => [id, line, parseEntry(line).usedOn] as const)
  // Of one day, what was put last comes first.
  return dated.reverse().sort(([, , a], [, , b]) => b - a)
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
