import { LIMITS } from '../../core/limit.ts'
import { type Entries, formatEntry, formatLines, type Place, parseEntry, usedOnOf } from './entries.ts'
import type { Pack, PackWriter } from './pack.ts'

/** Packs whose values are to be moved into another. */
export interface Leaving {
  readonly names: ReadonlySet<string>
  /** Bytes that values may take afterwards. */
  readonly maxBytes: number
}

/**
 * Which packs are to be joined into one: all of a full cache; otherwise, if there are too many or too old ones, the
 * small and old.
 *
 * @param added bytes of the new pack
 * @returns undefined if none
 */
export function choosePacksToLeave(
  packs: readonly Pack[],
  { added, maxBytes, now }: { readonly added: number; readonly maxBytes: number; readonly now: number },
): Leaving | undefined {
  const isOld = ({ writtenAt }: Pack) => now - writtenAt > LIMITS.buildCacheMaxIdleDays * 86_400_000
  const bytes = packs.reduce((sum, pack) => sum + pack.bytes, added)
  const isFull = bytes > maxBytes
  if (!isFull && packs.length < LIMITS.buildCacheMaxPacks && !packs.some(isOld)) return undefined
  const leaving = packs.filter(
    (pack) => isFull || pack.bytes < LIMITS.buildCacheSmallPackBytes || isOld(pack),
  )
  const names = new Set(leaving.map(({ name }) => name))
  return { names, maxBytes: maxBytes * LIMITS.buildCacheKeptShare }
}

/** Moves the values of some packs into another one, the last used first, as long as there is room. */
export function moveValues(
  entries: Entries,
  { names, maxBytes }: Leaving,
  read: (place: Place) => Buffer | undefined,
  fresh: PackWriter,
): void {
  const kept: Entries = new Map()
  let bytes = 0
  for (const [id, line] of lastUsedFirst(entries)) {
    const entry = parseEntry(line)
    bytes += id.length + line.length + (entry.kind === 'place' ? entry.size : 0)
    if (bytes > maxBytes) break
    if (entry.kind === 'inline' || !names.has(entry.pack)) {
      kept.set(id, line)
      continue
    }
    const value = read(entry)
    if (value === undefined) continue
    kept.set(id, formatEntry({ ...entry, pack: fresh.name, offset: fresh.append(value) }))
  }
  fresh.finish(formatLines(kept.keys(), kept))
}

function lastUsedFirst(entries: Entries): readonly (readonly [id: string, line: string, usedOn: number])[] {
  const dated = Array.from(entries, ([id, line]) => [id, line, usedOnOf(line)] as const)
  // Of one day, what was put last comes first.
  return dated.reverse().sort(([, , a], [, , b]) => b - a)
}
