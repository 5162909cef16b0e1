import { LRUCache } from 'lru-cache'
import type { Digester } from '../core/digest.ts'
import { LIMITS } from '../core/limit.ts'
import { type OpenBody, readBody } from './body-file.ts'
import type { BodyFile } from './response.ts'

/** How much memory response bodies may take. */
export interface CacheLimits {
  /** Bytes of all bodies together. */
  readonly maxBytes: number
  /** Bytes of one body above which it is streamed, never kept. */
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
 * A body in memory. A small one is a string with a character for each byte (`latin1`): Node joins that with the head
 * into one piece to write, where a buffer is a second one.
 */
export type HeldBody = Buffer | string

/** Response bodies in memory, the least recently used leaving first. */
export interface BodyCache {
  /** Whether a body is small enough to be kept. */
  admits(file: BodyFile): boolean
  /** The body if it is in memory. */
  peek(file: BodyFile): HeldBody | undefined
  /** The body, read if need be; requests that come while it is being read wait for the same read. */
  load(file: BodyFile): Promise<HeldBody>
  stats(): CacheStats
}

export function createBodyCache(limits: CacheLimits, open: OpenBody, digester: Digester): BodyCache {
  const { maxBytes } = limits
  const maxBodyBytes = Math.min(limits.maxBodyBytes, maxBytes)
  const bodies =
    maxBytes > 0
      ? new LRUCache<string, HeldBody>({ maxSize: maxBytes, sizeCalculation: ({ length }) => length || 1 })
      : undefined
  const underway = new Map<string, Promise<HeldBody>>()
  let hits = 0
  let misses = 0

  const read = async (file: BodyFile): Promise<HeldBody> => {
    try {
      const body = holdable(await readBody(file, open, digester))
      bodies?.set(file.key, body)
      return body
    } finally {
      underway.delete(file.key)
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
      const known = underway.get(file.key)
      if (known !== undefined) return known
      const reading = read(file)
      underway.set(file.key, reading)
      return reading
    },
    stats: () => ({ hits, misses, bytes: bodies?.calculatedSize ?? 0, bodies: bodies?.size ?? 0 }),
  }
}

function holdable(bytes: Buffer): HeldBody {
  return bytes.length <= LIMITS.bodyAsStringMaxBytes ? bytes.toString('latin1') : bytes
}
