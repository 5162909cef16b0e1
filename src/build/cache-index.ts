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
const INDEX_VERSION = 1

/** An index that knows nothing. */
export function createIndex(): CacheIndex {
  return { fingerprints: new Map(), scans: new Map(), names: new Map(), variants: new Map() }
}

/** The bytes of an index: a checksum, a line end, JSON. Inverse of {@link parseIndex}. */
export function formatIndex(index: CacheIndex, digester: Digester): Buffer {
  const json = Buffer.from(
    JSON.stringify({
      version: INDEX_VERSION,
      fingerprints: [...index.fingerprints].map(([key, { usedAt, stat, fingerprint }]) => {
        const { digest, integrity, size } = fingerprint
        return [key, usedAt, stat, digest, integrity, size]
      }),
      scans: [...index.scans].map(([key, { usedAt, value }]) => [key, usedAt, value]),
      names: [...index.names].map(([key, { usedAt, value }]) => [key, usedAt, value]),
      variants: [...index.variants].map(([key, { usedAt, size, etag, pack, offset }]) => {
        return [key, usedAt, size, etag, pack, offset]
      }),
    }),
  )
  return Buffer.concat([Buffer.from(`${digester.of(json)}\n`), json])
}

/**
 * Reads an index. Damage, another version, anything unexpected: undefined. What passes the checksum was written by
 * {@link formatIndex}, so its shape isn't checked field by field.
 */
export function parseIndex(bytes: Buffer, digester: Digester): CacheIndex | undefined {
  const json = bytes.subarray(17)
  if (bytes[16] !== 10 || bytes.toString('latin1', 0, 16) !== digester.of(json)) return undefined
  const stored = JSON.parse(json.toString()) as StoredIndex
  if (stored.version !== INDEX_VERSION) return undefined
  const index = createIndex()
  for (const [key, usedAt, stat, digest, integrity, size] of stored.fingerprints) {
    index.fingerprints.set(key, { usedAt, stat, fingerprint: { digest, integrity, size } })
  }
  for (const [key, usedAt, value] of stored.scans) index.scans.set(key, { usedAt, value })
  for (const [key, usedAt, value] of stored.names) index.names.set(key, { usedAt, value })
  for (const [key, usedAt, size, etag, pack, offset] of stored.variants) {
    index.variants.set(key, { usedAt, size, etag, pack, offset })
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

interface StoredIndex {
  readonly version: number
  readonly fingerprints: readonly (readonly [string, UsedAt, string, string, string, number])[]
  readonly scans: readonly (readonly [string, UsedAt, FileScan])[]
  readonly names: readonly (readonly [string, UsedAt, readonly FinishedMember[]])[]
  readonly variants: readonly (readonly [string, UsedAt, number, string, string, number])[]
}

function mergeMap<T>(into: Map<string, T>, from: ReadonlyMap<string, T>): void {
  for (const [key, value] of from) if (!into.has(key)) into.set(key, value)
}
