import type { Digester } from '../../core/digest.ts'
import {
  type CacheIndex,
  countEntries,
  createIndex,
  isWhole,
  loadIndex,
  type TableName,
  tableOf,
  type ValueOf,
} from './cache-index.ts'
import { type Page, pageOf } from './cache-page.ts'
import { type CacheEntry, markOf, parseRecord, RECORD_START } from './cache-table.ts'

/** An index in lines, of which only so much is read as is asked for. */
export interface IndexLookup {
  find<T extends TableName>(table: T, key: string): CacheEntry<ValueOf<T>> | undefined
  /** What was put here is found from now on, whatever the lines say. */
  put<T extends TableName>(table: T, key: string, value: ValueOf<T>, usedAt: number): void
  /** What was put here. */
  readonly fresh: CacheIndex
  /** Everything, what was put here included. */
  takeAll(): CacheIndex
}

/** Searches after which it is cheaper to read everything. A build of one file makes five. */
const MAX_SEARCHES = 32

/**
 * A lookup in these lines, of which a later one has the last word.
 *
 * @param putAway what becomes of full pages of what is put here. Default: they stay in memory
 */
export function createLookup(
  lines: readonly Buffer[],
  digester: Digester,
  putAway?: (bytes: Buffer) => Page,
): IndexLookup {
  const known = createIndex()
  const fresh = createIndex(putAway)
  let unread = lines
  let searches = 0

  const search = <T extends TableName>(table: T, key: string): CacheEntry<ValueOf<T>> | undefined => {
    if (unread.length === 0) return undefined
    searches++
    const mark = Buffer.concat([RECORD_START, markOf(key)])
    const line = unread.findLast(
      (each) => tableOf(each) === table && each.includes(mark) && isWhole(each, digester),
    )
    if (line === undefined) return undefined
    const start = line.lastIndexOf(mark) + RECORD_START.length
    const end = line.indexOf(RECORD_START, start)
    return parseRecord<ValueOf<T>>(line.subarray(start, end === -1 ? line.length : end))[1]
  }
  const readRest = () => {
    for (const line of unread) {
      const table = tableOf(line)
      if (table !== undefined && isWhole(line, digester)) known[table].load(pageOf(line))
    }
    unread = []
  }

  return {
    fresh,
    takeAll() {
      readRest()
      return countEntries(known) === 0 ? fresh : loadIndex(known, fresh)
    },
    find<T extends TableName>(table: T, key: string) {
      if (unread.length > 0 && searches >= MAX_SEARCHES) readRest()
      return fresh[table].find(key) ?? known[table].find(key) ?? search(table, key)
    },
    put: (table, key, value, usedAt) => fresh[table].put(key, { usedAt, value }),
  }
}
