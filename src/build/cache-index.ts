import type { Digester } from '../core/digest.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { FinishedMember } from './name.ts'
import type { FileScan } from './scan-files.ts'

/** Milliseconds since 1970 when a value was last of use. */
type UsedAt = number

/** A source file's stat and what its bytes were then. */
export interface FingerprintEntry {
  usedAt: UsedAt
  readonly stat: string
  readonly fingerprint: Fingerprint
}

/** Something worked out from bytes. */
export interface ValueEntry<T> {
  usedAt: UsedAt
  readonly value: T
}

/** A sibling: where its bytes are, or that it doesn't pay. */
export interface VariantEntry {
  usedAt: UsedAt
  readonly size: number
  /** '' for one that doesn't pay. */
  readonly etag: string
  readonly pack: string
  readonly offset: number
}

/** All that a cache knows, by key. */
export interface CacheIndex {
  readonly fingerprints: Map<string, FingerprintEntry>
  readonly scans: Map<string, ValueEntry<FileScan>>
  readonly names: Map<string, ValueEntry<readonly FinishedMember[]>>
  readonly variants: Map<string, VariantEntry>
}

/** Raise with every change to the form of the index or the meaning of a key. */
const INDEX_VERSION = 2

/** An index that knows nothing. */
export function createIndex(): CacheIndex {
  return { fingerprints: new Map(), scans: new Map(), names: new Map(), variants: new Map() }
}

/** Entries in a line: so many that lines cost nothing, so few that what reading one leaves behind is little. */
const ENTRIES_PER_LINE = 1000

type Table = keyof CacheIndex

const TABLES: readonly Table[] = ['fingerprints', 'scans', 'names', 'variants']

type StoredLine = readonly [version: number, table: Table, entries: readonly (readonly [string, unknown])[]]

/**
 * An index in lines, each a checksum and JSON. One after the other, for all of them take as much memory as the index
 * itself. Inverse of {@link parseIndex}.
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

/**
 * Reads the lines of an index. One that is damaged or of another version says nothing. What passes the checksum was
 * written by {@link formatIndex}, so its shape isn't checked field by field.
 */
export function parseIndex(lines: Iterable<Buffer>, digester: Digester): CacheIndex {
  const index = createIndex()
  for (const line of lines) {
    const json = line.subarray(DIGEST_LENGTH)
    if (line.toString('latin1', 0, DIGEST_LENGTH) !== digester.of(json)) continue
    const [version, table, entries] = JSON.parse(json.toString()) as StoredLine
    if (version !== INDEX_VERSION) continue
    const map: Map<string, unknown> = index[table]
    for (const [key, entry] of entries) map.set(key, entry)
  }
  return index
}

/** Takes from `other` what `index` doesn't know: what a build that ran at the same time has learnt. */
export function mergeIndex(index: CacheIndex, other: CacheIndex): void {
  mergeMap(index.fingerprints, other.fingerprints)
  mergeMap(index.scans, other.scans)
  mergeMap(index.names, other.names)
  mergeMap(index.variants, other.variants)
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
