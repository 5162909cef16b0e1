import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../../core/digest.ts'
import { type CacheIndex, measureIndex, type StoredVariant } from './cache-index.ts'
import { INDEX_FILE } from './cache-index-file.ts'
import { listFiles, type PackStore } from './cache-pack.ts'
import { type CacheTable, createCacheTable } from './cache-table.ts'
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

/** What stays of an index. */
export interface KeptIndex {
  readonly index: CacheIndex
  /** Entries that were last of use before this time go. */
  readonly usedSince: number
}

/**
 * Brings a cache under its limit, what was used longest ago going first: snapshots of builds, what is known of files,
 * and siblings, of which the others move into a fresh pack. The index is the caller's to save.
 */
export function makeRoom(index: CacheIndex, idleSince: number, options: RoomOptions): KeptIndex {
  const { dir, maxBytes, now, packs } = options
  const found = packs.list()
  const snapshotBytes = thinSnapshots(dir, maxBytes * SNAPSHOT_SHARE)
  const { usedSince, bytes } = thinIndex(index, idleSince, maxBytes * INDEX_SHARE)
  const room = maxBytes * KEPT_SHARE - snapshotBytes - bytes
  const { variants, packs: left } = moveVariants(index, usedSince, room, options)
  for (const { pack, modifiedMs } of found) {
    if (left.has(pack) || now - modifiedMs > ORPHAN_MS) packs.remove(pack)
  }
  return { index: { ...index, variants }, usedSince }
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

/** How recent a use must be for an index to take no more than so many bytes; each step forgets at least half of it. */
function thinIndex(index: CacheIndex, idleSince: number, maxBytes: number) {
  let usedSince = idleSince
  let { bytes, uses } = measureIndex(index, usedSince)
  while (bytes > maxBytes) {
    uses.sort((a, b) => a - b)
    usedSince = (uses[Math.floor(uses.length / 2)] ?? 0) + 1
    ;({ bytes, uses } = measureIndex(index, usedSince))
  }
  return { usedSince, bytes }
}

/** The siblings that fit, moved, with all that is known not to pay; and the packs that siblings were in. */
function moveVariants(index: CacheIndex, usedSince: number, maxBytes: number, options: RoomOptions) {
  const variants = createCacheTable<StoredVariant>()
  const packs = new Set<string>()
  let kept = 0
  for (const [key, { usedAt, value }] of latestFirst(index.variants)) {
    if (value.pack !== '') packs.add(value.pack)
    kept += value.size
    const fits = usedAt >= usedSince && kept <= maxBytes
    const moved = fits ? moveVariant(value, options) : undefined
    if (moved !== undefined) variants.put(key, { usedAt, value: moved })
  }
  return { variants, packs }
}

function latestFirst(variants: CacheTable<StoredVariant>) {
  return [...variants.entries()].sort(([, a], [, b]) => b.usedAt - a.usedAt)
}

function moveVariant(
  variant: StoredVariant,
  { packs, fresh, digester }: Pick<RoomOptions, 'packs' | 'fresh' | 'digester'>,
): StoredVariant | undefined {
  if (variant.etag === '') return variant
  const bytes = packs.read(variant, variant.size)
  if (bytes === undefined || digester.of(bytes) !== variant.etag) return undefined
  return { ...variant, ...fresh.append(bytes) }
}
