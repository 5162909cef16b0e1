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
  /**
   * Whether a body is to be held in memory: it is small enough, and what answers on their way hold leaves room for it.
   * Otherwise clients that ask for much and take nothing could hold more bodies than the cache may.
   */
  admits(file: BodyFile): boolean
  /** The body if it is in memory. */
  peek(file: BodyFile): CachedBody | undefined
  /** The body, read if necessary. Concurrent requests share one read. */
  load(file: BodyFile): Promise<CachedBody>
  /** Counts a body as held by an answer, even if it is evicted meanwhile. @returns to be called once when it was sent */
  hold(body: CachedBody): () => void
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
  const held = createHeldBodies()
  let loadingBytes = 0
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
      loadingBytes -= file.size
    }
  }

  return {
    admits: ({ size }) => size <= maxBodyBytes && held.bytes() + loadingBytes + size <= maxBytes,
    peek(file) {
      const body = bodies?.get(file.key)
      if (body !== undefined) hits++
      return body
    },
    load(file) {
      misses++
      const known = loading.get(file.key)
      if (known !== undefined) return known
      loadingBytes += file.size
      const reading = read(file)
      loading.set(file.key, reading)
      return reading
    },
    hold: held.add,
    open: (file) => source.open(file),
    stats: () => ({ hits, misses, bytes: bodies?.calculatedSize ?? 0, bodies: bodies?.size ?? 0 }),
  }
}

/** Bodies that answers on their way hold, each counted once. Strings are so small that a connection holds as much. */
function createHeldBodies() {
  const holders = new Map<Buffer, number>()
  let bytes = 0
  const release = (body: Buffer) => {
    const left = (holders.get(body) ?? 1) - 1
    if (left > 0) {
      holders.set(body, left)
      return
    }
    holders.delete(body)
    bytes -= body.length
  }
  return {
    bytes: () => bytes,
    add(body: CachedBody): () => void {
      if (typeof body === 'string') return () => undefined
      const before = holders.get(body) ?? 0
      if (before === 0) bytes += body.length
      holders.set(body, before + 1)
      return () => release(body)
    },
  }
}
