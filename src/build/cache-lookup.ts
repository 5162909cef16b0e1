import type { Digester } from '../core/digest.ts'
import {
  type CacheIndex,
  createIndex,
  type EntryOf,
  mayHave,
  parseLine,
  type Table,
  tableOf,
} from './cache-index.ts'

/** An index in lines, of which only so much is read as is asked for. */
export interface IndexLookup {
  find<T extends Table>(table: T, key: string): EntryOf<T> | undefined
  /** What was put here is found from now on, whatever the lines say. */
  put<T extends Table>(table: T, key: string, entry: EntryOf<T>): void
  /** What was put here. */
  readonly fresh: CacheIndex
  /** Everything, read to the end. Nothing is fresh any more. */
  takeAll(): CacheIndex
}

/** Searches after which it is cheaper to read everything. A build of one file makes five. */
const MAX_SEARCHES = 32

interface Line {
  readonly table: Table
  readonly bytes: Buffer
  entries?: ReadonlyMap<string, unknown>
}

/** A lookup in these lines, of which a later one has the last word. */
export function createLookup(lines: readonly Buffer[], digester: Digester): IndexLookup {
  const known = createIndex()
  const fresh = createIndex()
  let unread: Line[] = lines.flatMap((bytes) => {
    const table = tableOf(bytes)
    return table === undefined ? [] : [{ table, bytes }]
  })
  let searches = 0

  const entriesOf = (line: Line) => {
    line.entries ??= new Map(parseLine(line.bytes, digester))
    return line.entries
  }
  const has = (line: Line, key: string) =>
    (line.entries !== undefined || mayHave(line.bytes, key)) && entriesOf(line).has(key)
  const search = (table: Table, key: string): unknown => {
    if (unread.length === 0) return undefined
    searches++
    const line = unread.findLast((each) => each.table === table && has(each, key))
    return line === undefined ? undefined : entriesOf(line).get(key)
  }
  const readRest = () => {
    for (const { table, bytes } of unread) {
      const map: Map<string, unknown> = known[table]
      for (const [key, entry] of parseLine(bytes, digester)) map.set(key, entry)
    }
    unread = []
  }

  return {
    fresh,
    takeAll() {
      readRest()
      for (const table of Object.keys(fresh) as Table[]) {
        const map: Map<string, unknown> = known[table]
        for (const [key, entry] of fresh[table]) map.set(key, entry)
        // Not twice in memory.
        fresh[table].clear()
      }
      return known
    },
    find<T extends Table>(table: T, key: string) {
      if (unread.length > 0 && searches >= MAX_SEARCHES) readRest()
      const found = fresh[table].get(key) ?? known[table].get(key) ?? search(table, key)
      return found as EntryOf<T> | undefined
    },
    put<T extends Table>(table: T, key: string, entry: EntryOf<T>) {
      const map: Map<string, unknown> = fresh[table]
      map.set(key, entry)
    },
  }
}
