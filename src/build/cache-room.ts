import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../core/digest.ts'
import { type CacheIndex, forgetBefore, formatIndex, usesOf, type VariantEntry } from './cache-index.ts'
import { INDEX_FILE } from './cache-index-file.ts'
import type { PackStore } from './cache-pack.ts'
import { listFiles } from './cache-pack.ts'
import { SNAPSHOT_FOLDER } from './snapshot.ts'

/** Down to which share of its limit a full cache is emptied, so that not every build has to make room. */
const KEPT_SHARE = 0.8

/** The most that what is known may take of the limit, and the most that what builds saw may: the rest is for siblings. */
const INDEX_SHARE = 0.4
const SNAPSHOT_SHARE = 0.2

/** Packs nobody knows are left alone so long: the build that writes them may still be running. */
const ORPHAN_MS = 3_600_000

/** What {@link makeRoom} goes by. */
export interface RoomOptions {
  /** Absolute path of the cache's folder. */
  readonly dir: string
  readonly maxBytes: number
  readonly digester: Digester
  /** Milliseconds since 1970. */
  readonly now: number
  /** Where all packs are. Everything appended to it must have been written out. */
  readonly packs: PackStore
  /** A store of the same folder for what stays. */
  readonly fresh: PackStore
}

/**
 * Brings a cache under its limit, what was used longest ago going first: snapshots of builds, what is known of files,
 * and siblings, of which the others move into a fresh pack. The index is the caller's to save.
 */
export function makeRoom(index: CacheIndex, options: RoomOptions): void {
  const { dir, maxBytes, now, packs, digester } = options
  const found = packs.list()
  const snapshotBytes = thinSnapshots(dir, maxBytes * SNAPSHOT_SHARE)
  let indexBytes = sizeOf(index, digester)
  for (; indexBytes > maxBytes * INDEX_SHARE; indexBytes = sizeOf(index, digester)) forgetHalf(index)
  const room = maxBytes * KEPT_SHARE - snapshotBytes - indexBytes
  const stored = [...index.variants].filter(([, { etag }]) => etag !== '')
  const known = new Set(stored.map(([, { pack }]) => pack))
  let kept = 0
  for (const [key, entry] of stored.sort(([, a], [, b]) => b.usedAt - a.usedAt)) {
    kept += entry.size
    const moved = kept <= room ? moveVariant(entry, options) : undefined
    if (moved === undefined) index.variants.delete(key)
    else index.variants.set(key, moved)
  }
  for (const { pack, modifiedMs } of found) {
    if (known.has(pack) || now - modifiedMs > ORPHAN_MS) packs.remove(pack)
  }
}

/**
 * Whether everything fits: packs, index and snapshots.
 *
 * @param comingBytes what is about to be added
 */
export function hasRoom(
  { dir, packs, maxBytes }: Omit<RoomOptions, 'now' | 'fresh' | 'digester'>,
  comingBytes = 0,
): boolean {
  const index = statSync(join(dir, INDEX_FILE), { throwIfNoEntry: false })?.size ?? 0
  const files = [...packs.list(), ...listFiles(join(dir, SNAPSHOT_FOLDER))]
  return files.reduce((sum, { size }) => sum + size, index + comingBytes) <= maxBytes
}

/** Removes the oldest snapshots until they take no more than so many bytes. @returns what they take then */
function thinSnapshots(dir: string, maxBytes: number): number {
  const folder = join(dir, SNAPSHOT_FOLDER)
  let kept = 0
  for (const { name, size } of listFiles(folder).sort((a, b) => b.modifiedMs - a.modifiedMs)) {
    if (kept + size <= maxBytes) kept += size
    else rmSync(join(folder, name), { force: true })
  }
  return kept
}

function sizeOf(index: CacheIndex, digester: Digester): number {
  let bytes = 0
  for (const line of formatIndex(index, digester)) bytes += line.length
  return bytes
}

/** Forgets at least half of the entries. */
function forgetHalf(index: CacheIndex): void {
  const uses = usesOf(index).sort((a, b) => a - b)
  forgetBefore(index, (uses[Math.floor(uses.length / 2)] ?? 0) + 1)
}

function moveVariant(
  entry: VariantEntry,
  { packs, fresh, digester }: Pick<RoomOptions, 'packs' | 'fresh' | 'digester'>,
): VariantEntry | undefined {
  const bytes = packs.read(entry, entry.size)
  if (bytes === undefined || digester.of(bytes) !== entry.etag) return undefined
  return { ...entry, ...fresh.append(bytes) }
}
