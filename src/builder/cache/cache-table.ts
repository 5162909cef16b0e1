import { type Page, pageOf } from './cache-page.ts'

/** A value as a cache keeps it. */
export interface CacheEntry<T> {
  /** Milliseconds since 1970 when it was last of use. */
  readonly usedAt: number
  readonly value: T
}

/**
 * Entries by key, held as the bytes they are written in, full pages of them put away, and parsed when they are asked
 * for: as objects, what a cache learns would be the largest part of a build's memory (2 KB per file; so it is 0.3).
 */
export interface CacheTable<T> {
  find(key: string): CacheEntry<T> | undefined
  put(key: string, entry: CacheEntry<T>): void
  /** Takes over all entries of a page, in place of its own under the same keys. The page must not change any more. */
  load(page: Page): void
  /** Number of entries. */
  readonly size: number
  /** All that is held, and entries in it that others have replaced. */
  readonly pages: readonly Page[]
  /** Each entry as it is written; see {@link formatRecord}. One page at a time is in memory. */
  records(): Generator<Buffer>
  /** Each entry with its key. */
  entries(): Generator<readonly [key: string, entry: CacheEntry<T>]>
}

/** Bytes of a page; only one entry that alone is larger makes a larger one. No entry begins behind so many. */
export const PAGE_BYTES = 256 * 1024

/** Stands before each entry. JSON writes it as `\t` where it is part of a text. */
export const RECORD_START = Buffer.from('\t')
const TAB = 9

/**
 * A table that knows nothing.
 *
 * @param putAway what becomes of a page that is full. Default: it stays in memory
 */
export function createCacheTable<T>(putAway: (bytes: Buffer) => Page = pageOf): CacheTable<T> {
  const pages: Page[] = []
  // By hash, or the next free number behind it, the page and place of each entry in one number.
  const places = new Map<number, number>()
  let open = { bytes: NOTHING, length: 0, number: -1 }

  const recordAt = (place: number): Buffer => {
    const page = pages[Math.floor(place / PAGE_BYTES)] ?? EMPTY
    const start = place % PAGE_BYTES
    for (let length = MOST_RECORDS_BYTES; ; length *= 4) {
      const end = Math.min(page.length, start + length)
      const bytes = page.read(start, end)
      const tab = bytes.indexOf(TAB)
      if (tab !== -1 || end === page.length) return tab === -1 ? bytes : bytes.subarray(0, tab)
    }
  }
  const slotOf = (mark: Buffer): number => {
    for (let slot = hashOf(mark); ; slot = (slot + 1) | 0) {
      const place = places.get(slot)
      if (place === undefined || startsWith(recordAt(place), mark)) return slot
    }
  }
  // Without reading what is there: pages may be elsewhere.
  const isReplaced = (record: Buffer, place: number): boolean => {
    let slot = hashOf(markIn(record))
    while (places.get(slot) !== place) {
      if (!places.has(slot)) return true
      slot = (slot + 1) | 0
    }
    return false
  }
  const turnPage = (length: number) => {
    if (open.length > 0) pages[open.number] = putAway(open.bytes.subarray(0, open.length))
    const bytes = Buffer.allocUnsafeSlow(Math.max(PAGE_BYTES, length))
    open = { bytes, length: 0, number: pages.push(EMPTY) - 1 }
  }
  function* records() {
    for (const [number, page] of pages.entries()) {
      for (const [start, record] of recordsIn(page))
        if (!isReplaced(record, number * PAGE_BYTES + start)) yield record
    }
  }

  return {
    find(key) {
      const place = places.get(slotOf(markOf(key)))
      return place === undefined ? undefined : parseRecord<T>(recordAt(place))[1]
    },
    put(key, entry) {
      const record = formatRecord(key, entry)
      const length = 1 + Buffer.byteLength(record)
      if (open.length + length > open.bytes.length) turnPage(length)
      const start = open.length + 1
      open.bytes[open.length] = TAB
      open.bytes.write(record, start)
      open.length += length
      pages[open.number] = pageOf(open.bytes.subarray(0, open.length))
      const slot = slotOf(markIn(open.bytes.subarray(start, open.length)))
      places.set(slot, open.number * PAGE_BYTES + start)
    },
    load(page) {
      const number = pages.push(page) - 1
      for (const [start, record] of recordsIn(page))
        places.set(slotOf(markIn(record)), number * PAGE_BYTES + start)
    },
    get size() {
      return places.size
    },
    pages,
    records,
    *entries() {
      for (const record of records()) yield parseRecord<T>(record)
    },
  }
}

const NOTHING = Buffer.alloc(0)

const EMPTY = pageOf(NOTHING)

/** What is read of a page that is elsewhere before it is known how long an entry is; few are longer. */
const MOST_RECORDS_BYTES = 1024

function* recordsIn(page: Page): Generator<readonly [start: number, record: Buffer]> {
  const bytes = page.read(0, page.length)
  for (let tab = bytes.indexOf(TAB); tab !== -1; ) {
    const next = bytes.indexOf(TAB, tab + 1)
    yield [tab + 1, bytes.subarray(tab + 1, next === -1 ? bytes.length : next)]
    tab = next
  }
}

/** An entry as it is written: key, time and value, in JSON but for the brackets. Inverse of {@link parseRecord}. */
export function formatRecord(key: string, { usedAt, value }: CacheEntry<unknown>): string {
  return `${JSON.stringify(key)},${usedAt},${JSON.stringify(value)}`
}

/** What passes a page's checksum was written by {@link formatRecord}, so its shape isn't checked field by field. */
export function parseRecord<T>(record: Buffer): readonly [key: string, entry: CacheEntry<T>] {
  const [key, usedAt, value] = JSON.parse(`[${record}]`) as [string, number, T]
  return [key, { usedAt, value }]
}

/** When the value of a record was last of use, without parsing it. */
export function usedAtOf(record: Buffer): number {
  const start = markLength(record)
  return Number(record.toString('latin1', start, record.indexOf(COMMA, start)))
}

/** What the record of a key, and of no other, begins with. */
export function markOf(key: string): Buffer {
  return Buffer.from(`${JSON.stringify(key)},`)
}

const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44

function markIn(record: Buffer): Buffer {
  return record.subarray(0, markLength(record))
}

function markLength(record: Buffer): number {
  let at = 1
  while (at < record.length && record[at] !== QUOTE) at += record[at] === BACKSLASH ? 2 : 1
  return at + 2
}

function startsWith(record: Buffer, mark: Buffer): boolean {
  return record.length >= mark.length && record.compare(mark, 0, mark.length, 0, mark.length) === 0
}

/** FNV-1a, 32 bits: nothing but the speed of finding depends on it. */
function hashOf(mark: Buffer): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < mark.length; at++) hash = Math.imul(hash ^ (mark[at] ?? 0), 0x01000193)
  return hash | 0
}
