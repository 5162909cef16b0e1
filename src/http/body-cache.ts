import { LRUCache } from 'lru-cache'
import { LIMITS } from '../core/limit.ts'
import { type BodySource, readBody } from './body-source.ts'
import type { BodyFile } from './response.ts'

/** How much memory response bodies may take. */
export interface CacheLimits {
  /** Bytes of all bodies together. */
  readonly maxBytes: number
  /** Bytes of one body above which it is streamed and not cached. */
  readonly maxBodyBytes: number
}

/** Counters since the start, for metrics. */
export interface CacheStats {
  /** Bodies found in memory. */
  readonly hits: number
  /** Bodies that had to be read. */
  readonly misses: number
  /** Bytes held now. */
  readonly bytes: number
  /** Bodies held now. */
  readonly bodies: number
}

/**
 * A body in memory. A small one is a string with a character for each byte (`latin1`): Node joins it with the head
 * into a single write, where a buffer is a second one.
 */
export type CachedBody = Buffer | string

/** Response bodies in memory; the least recently used is evicted first. */
export interface BodyCache extends BodySource {
  /** Whether a body is small enough to be cached. */
  admits(file: BodyFile): boolean
  /** The body if it is in memory. */
  peek(file: BodyFile): CachedBody | undefined
  /** The body, read if necessary. Concurrent requests share one read. */
  load(file: BodyFile): Promise<CachedBody>
  stats(): CacheStats
}

/** No body is cached; each is streamed. */
export const NO_CACHE: CacheLimits = { maxBytes: 0, maxBodyBytes: 0 }

/** @param source where bodies are read from, also those too large to be cached */
export function createBodyCache(limits: CacheLimits, source: BodySource): BodyCache {
  const { maxBytes } = limits
  const maxBodyBytes = Math.min(limits.maxBodyBytes, maxBytes)
  const bodies =
    maxBytes > 0
      ? new LRUCache<string, CachedBody>({ maxSize: maxBytes, sizeCalculation: ({ length }) => length || 1 })
      : undefined
  const loading = new Map<string, Promise<CachedBody>>()
  let hits = 0
  let misses = 0

  const read = async (file: BodyFile): Promise<CachedBody> => {
    try {
      const bytes = await readBody(file, source)
      const body = bytes.length <= LIMITS.bodyAsStringMaxBytes ? bytes.toString('latin1') : bytes
      bodies?.set(file.key, body)
      return body
    } finally {
      loading.delete(file.key)
    }
  }

  return {
    admits: ({ size }) => size <= maxBodyBytes,
    peek(file) {
      const body = bodies?.get(file.key)
      if (body !== undefined) hits++
      return body
    },
    load(file) {
      misses++
      const known = loading.get(file.key)
      if (known !== undefined) return known
      const reading = read(file)
      loading.set(file.key, reading)
      return reading
    },
    open: (file) => source.open(file),
    stats: () => ({ hits, misses, bytes: bodies?.calculatedSize ?? 0, bodies: bodies?.size ?? 0 }),
  }
}
