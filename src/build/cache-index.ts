import type { Digester } from '../core/digest.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { FinishedMember } from './name.ts'
import type { FileScan } from './scan-files.ts'

/** Milliseconds since 1970 when a value was last of use. */
type UsedAt = number

/** A source file's stat and what its bytes were then. */
export interface FingerprintEntry {
  readonly usedAt: UsedAt
  readonly stat: string
  readonly fingerprint: Fingerprint
}

/** Something worked out from bytes. */
export interface ValueEntry<T> {
  readonly usedAt: UsedAt
  readonly value: T
}

/** A sibling: where its bytes are, or that it doesn't pay. */
export interface VariantEntry {
  readonly usedAt: UsedAt
  readonly size: number
  /** '' for one that doesn't pay. */
  readonly etag: string
  readonly pack: string
  readonly offset: number
}

interface Entries {
  readonly fingerprints: FingerprintEntry
  readonly scans: ValueEntry<FileScan>
  readonly names: ValueEntry<readonly FinishedMember[]>
  readonly variants: VariantEntry
}

/** What is known of what. */
export type Table = keyof Entries

/** What a table has under a key. */
export type EntryOf<T extends Table> = Entries[T]

/** All that a cache knows, by key. */
export type CacheIndex = { readonly [T in Table]: Map<string, EntryOf<T>> }

/** Raise with every change to the form of the index or the meaning of a key. */
const INDEX_VERSION = 2

/** An index that knows nothing. */
export function createIndex(): CacheIndex {
  return { fingerprints: new Map(), scans: new Map(), names: new Map(), variants: new Map() }
}

/** How many entries an index has. */
export function countEntries(index: CacheIndex): number {
  return TABLES.reduce((sum, table) => sum + index[table].size, 0)
}

/** Entries in a line: so many that lines cost nothing, so few that what reading one leaves behind is little. */
const ENTRIES_PER_LINE = 1000

const TABLES: readonly Table[] = ['fingerprints', 'scans', 'names', 'variants']

type StoredLine = readonly [version: number, table: Table, entries: readonly (readonly [string, unknown])[]]

/**
 * An index in lines, each a checksum and JSON. One after the other, for all of them take as much memory as the index
 * itself. Inverse of {@link parseLine}.
 */
export function* formatIndex(index: CacheIndex, digester: Digester): Generator<Buffer> {
  for (const table of TABLES) {
    for (const entries of inGroups<readonly [string, unknown]>(index[table], ENTRIES_PER_LINE)) {
      const line: StoredLine = [INDEX_VERSION, table, entries]
      const json = Buffer.from(JSON.stringify(line))
      yield Buffer.concat([Buffer.from(digester.of(json)), json, LINE_END])
    }
  }
}

const DIGEST_LENGTH = 16

const LINE_END = Buffer.from('\n')

/** The table a line is of; undefined for one that is damaged or of another version, as far as its beginning tells. */
export function tableOf(line: Buffer): Table | undefined {
  const start = line.toString('latin1', DIGEST_LENGTH, DIGEST_LENGTH + LONGEST_START)
  return TABLES.find((table) => start.startsWith(startOf(table)))
}

/** False for a line that can't have an entry. Much faster than to read it. */
export function mayHave(line: Buffer, key: string): boolean {
  return line.includes(`[${JSON.stringify(key)},`)
}

/**
 * The entries of a line; none if it is damaged. What passes the checksum was written by {@link formatIndex}, so its
 * shape isn't checked field by field.
 */
export function parseLine(line: Buffer, digester: Digester): readonly (readonly [string, unknown])[] {
  const json = line.subarray(DIGEST_LENGTH)
  if (line.toString('latin1', 0, DIGEST_LENGTH) !== digester.of(json)) return []
  const [, , entries] = JSON.parse(json.toString()) as StoredLine
  return entries
}

function startOf(table: Table): string {
  return `[${INDEX_VERSION},"${table}",`
}

const LONGEST_START = Math.max(...TABLES.map((table) => startOf(table).length))

/** Takes from `other` what `index` doesn't know: what a build that ran at the same time has learnt. */
export function mergeIndex(index: CacheIndex, other: CacheIndex): void {
  mergeMap(index.fingerprints, other.fingerprints)
  mergeMap(index.scans, other.scans)
  mergeMap(index.names, other.names)
  mergeMap(index.variants, other.variants)
}

/** When each entry was last of use, in no order. */
export function usesOf(index: CacheIndex): UsedAt[] {
  return TABLES.flatMap((table) => [...index[table].values()].map(({ usedAt }) => usedAt))
}

/** Drops what was last of use before a time. */
export function forgetBefore(index: CacheIndex, time: UsedAt): void {
  for (const map of [index.fingerprints, index.scans, index.names, index.variants]) {
    for (const [key, { usedAt }] of map) if (usedAt < time) map.delete(key)
  }
}

function* inGroups<T>(items: Iterable<T>, length: number): Generator<readonly T[]> {
  let group: T[] = []
  for (const item of items) {
    group.push(item)
    if (group.length < length) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

function mergeMap<T>(into: Map<string, T>, from: ReadonlyMap<string, T>): void {
  for (const [key, value] of from) if (!into.has(key)) into.set(key, value)
}
