import { createHash } from 'node:crypto'
import type { ByteRange } from '../storage/storage.ts'
import { formatContentRange, lengthOf } from './range.ts'
import type { Part } from './response.ts'

/** A `multipart/byteranges` body, its bytes aside. */
export interface Multipart {
  /** The whole value of Content-Type, boundary included. */
  readonly contentType: string
  /** Bytes of everything: heads, ranges, tail. */
  readonly length: number
  readonly parts: readonly Part[]
  /** What follows the last range. */
  readonly tail: Buffer
}

/**
 * Frames several ranges of one representation (RFC 9110 §14.6), in the order they were asked for.
 *
 * @param type the representation's media type, which each part repeats
 * @param size of the whole representation in bytes
 */
export function createMultipart(ranges: readonly ByteRange[], type: string, size: number): Multipart {
  const boundary = boundaryFor(ranges, size)
  const parts = ranges.map((range, index) => {
    const lead = index === 0 ? '' : '\r\n'
    const lines = [
      `--${boundary}`,
      `Content-Type: ${type}`,
      `Content-Range: ${formatContentRange(range, size)}`,
    ]
    return { head: Buffer.from(`${lead}${lines.join('\r\n')}\r\n\r\n`, 'latin1'), range }
  })
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1')
  const length = parts.reduce((sum, part) => sum + part.head.length + lengthOf(part.range), tail.length)
  return { contentType: `multipart/byteranges; boundary=${boundary}`, length, parts, tail }
}

/** A boundary that no body holds by accident; the same request gets the same bytes. */
function boundaryFor(ranges: readonly ByteRange[], size: number): string {
  const seed = `${size}:${ranges.map(({ start, end }) => `${start}-${end}`).join()}`
  return createHash('sha256').update(seed).digest('hex').slice(0, 32)
}
