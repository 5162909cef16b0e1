import type { Digester } from '../core/digest.ts'
import type { CacheIndex, VariantEntry } from './cache-index.ts'
import type { PackStore } from './cache-pack.ts'

/** Down to which share of its limit a full cache is emptied, so that not every build has to make room. */
const KEPT_SHARE = 0.8

/** Packs nobody knows are left alone so long: the build that writes them may still be running. */
const ORPHAN_MS = 3_600_000

/** What {@link makeRoom} goes by. */
export interface RoomOptions {
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
 * Brings the packs under their limit: the siblings least recently used go, the others move into a fresh pack. Does
 * nothing as long as everything fits.
 */
export function makeRoom(index: CacheIndex, options: RoomOptions): void {
  const { maxBytes, now, packs } = options
  if (hasRoom(options)) return
  const found = packs.list()
  const stored = [...index.variants].filter(([, { etag }]) => etag !== '')
  const known = new Set(stored.map(([, { pack }]) => pack))
  let kept = 0
  for (const [key, entry] of stored.sort(([, a], [, b]) => b.usedAt - a.usedAt)) {
    kept += entry.size
    const moved = kept <= maxBytes * KEPT_SHARE ? moveVariant(entry, options) : undefined
    if (moved === undefined) index.variants.delete(key)
    else index.variants.set(key, moved)
  }
  for (const { pack, modifiedMs } of found) {
    if (known.has(pack) || now - modifiedMs > ORPHAN_MS) packs.remove(pack)
  }
}

/** Whether everything fits. */
export function hasRoom({ packs, maxBytes }: Pick<RoomOptions, 'packs' | 'maxBytes'>): boolean {
  return packs.list().reduce((sum, { size }) => sum + size, 0) <= maxBytes
}

function moveVariant(
  entry: VariantEntry,
  { packs, fresh, digester }: Pick<RoomOptions, 'packs' | 'fresh' | 'digester'>,
): VariantEntry | undefined {
  const bytes = packs.read(entry, entry.size)
  if (bytes === undefined || digester.of(bytes) !== entry.etag) return undefined
  return { ...entry, ...fresh.append(bytes) }
}
