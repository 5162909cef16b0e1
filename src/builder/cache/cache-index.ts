import type { Digester, Fingerprint } from '../../core/digest.ts'
import type { ManifestVariant } from '../../core/manifest/manifest.ts'
import type { FileScan } from '../read/scan-files.ts'
import type { FinishedMember } from '../rewrite/name.ts'
import type { Page } from './cache-page.ts'
import { type CacheTable, createCacheTable, PAGE_BYTES, RECORD_START, usedAtOf } from './cache-table.ts'

/** A source file's stat and what its bytes were then. */
export interface KnownFingerprint {
  readonly stat: string
  readonly fingerprint: Fingerprint
}

/** A sibling: where its bytes are, or, with an empty `etag`, that it doesn't pay. */
export interface StoredVariant extends ManifestVariant {
  readonly pack: string
  readonly offset: number
}

interface Values {
  readonly fingerprints: KnownFingerprint
  readonly scans: FileScan
  readonly names: readonly FinishedMember[]
  readonly variants: StoredVariant
}

/** What is known of what. */
export type TableName = keyof Values

/** What a table has under a key. */
export type ValueOf<T extends TableName> = Values[T]

/** All that a cache knows. */
export type CacheIndex = { readonly [T in TableName]: CacheTable<ValueOf<T>> }

/** Raise with every change to the form of the index or the meaning of a key. */
const INDEX_VERSION = 3

const TABLE_NAMES: readonly TableName[] = ['fingerprints', 'scans', 'names', 'variants']

/**
 * An index that knows nothing.
 *
 * @param putAway see {@link createCacheTable}
 */
export function createIndex(putAway?: (bytes: Buffer) => Page): CacheIndex {
  return {
    fingerprints: createCacheTable(putAway),
    scans: createCacheTable(putAway),
    names: createCacheTable(putAway),
    variants: createCacheTable(putAway),
  }
}

/** How many entries an index has. */
export function countEntries(index: CacheIndex): number {
  return TABLE_NAMES.reduce((sum, name) => sum + index[name].size, 0)
}

/** Bytes that the entries of an index take when they are written, and when each of them was last of use, in no order. */
export function measureIndex(index: CacheIndex, usedSince: number): { bytes: number; uses: number[] } {
  const uses: number[] = []
  let bytes = 0
  for (const name of TABLE_NAMES) {
    for (const record of index[name].records()) {
      const usedAt = usedAtOf(record)
      if (usedAt < usedSince) continue
      bytes += RECORD_START.length + record.length
      uses.push(usedAt)
    }
  }
  return { bytes, uses }
}

/** Adds to an index what another has, which has the last word. */
export function loadIndex(index: CacheIndex, from: CacheIndex): CacheIndex {
  for (const name of TABLE_NAMES) for (const page of from[name].pages) index[name].load(page)
  return index
}

/**
 * An index in lines, each a checksum, the name of its table and some of its entries. One after the other, for all of
 * them take as much memory as the index itself.
 *
 * @param usedSince entries that were last of use before this time are left out; default none
 */
export function* formatIndex(index: CacheIndex, digester: Digester, usedSince = 0): Generator<Buffer> {
  for (const name of TABLE_NAMES) {
    let pieces: Buffer[] = []
    let length = 0
    for (const record of index[name].records()) {
      if (usedAtOf(record) < usedSince) continue
      if (pieces.length > 0 && length + RECORD_START.length + record.length > LINE_BYTES) {
        yield formatLine(name, pieces, digester)
        pieces = []
        length = 0
      }
      pieces.push(RECORD_START, record)
      length += RECORD_START.length + record.length
    }
    if (pieces.length > 0) yield formatLine(name, pieces, digester)
  }
}

function formatLine(name: TableName, records: readonly Buffer[], digester: Digester): Buffer {
  const line = Buffer.concat([Buffer.alloc(DIGEST_LENGTH), Buffer.from(headOf(name)), ...records, LINE_END])
  line.write(digester.of(line.subarray(DIGEST_LENGTH, -LINE_END.length)))
  return line
}

const LINE_END = Buffer.from('\n')

const DIGEST_LENGTH = 16

function headOf(name: TableName): string {
  return `${INDEX_VERSION} ${name}`
}

const LONGEST_HEAD = Math.max(...TABLE_NAMES.map((name) => headOf(name).length))

/** Bytes of entries in a line: a line is a page of a table, and its head comes first. */
const LINE_BYTES = PAGE_BYTES - DIGEST_LENGTH - LONGEST_HEAD

/** The table a line is of; undefined for one that is damaged or of another version, as far as its beginning tells. */
export function tableOf(line: Buffer): TableName | undefined {
  const head = line.toString('latin1', DIGEST_LENGTH, DIGEST_LENGTH + LONGEST_HEAD + 1)
  return TABLE_NAMES.find((name) => head.startsWith(`${headOf(name)}\t`))
}

/** False for a line that was damaged. */
export function isWhole(line: Buffer, digester: Digester): boolean {
  return line.toString('latin1', 0, DIGEST_LENGTH) === digester.of(line.subarray(DIGEST_LENGTH))
}
