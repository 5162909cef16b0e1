import { createHash } from 'node:crypto'
import { LIMITS } from '../core/limit.ts'
import type { ByteRange } from '../storage/storage.ts'

/** What a Range header asks of a representation of known size. */
export type RangeRequest =
  /** No range to honour: the answer is the whole representation. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  | { readonly kind: 'parts'; readonly ranges: readonly ByteRange[] }

/** A `multipart/byteranges` body. */
export interface Multipart {
  /** The whole value of Content-Type, boundary included. */
  readonly contentType: string
  /** Bytes of the whole body. */
  readonly length: number
  /** Ranges of the file, and the text around them. */
  readonly parts: readonly (ByteRange | string)[]
}

const WHOLE: RangeRequest = { kind: 'whole' }
const UNSATISFIABLE: RangeRequest = { kind: 'unsatisfiable' }

/** One member: first and last position, or the length of a suffix. */
const MEMBER = /^(?:(\d+)-(\d*)|-(\d+))$/

/**
 * Reads a Range value (RFC 9110 §14.1.2, §14.2). Ignored are other units, malformed values, more than
 * {@link LIMITS.rangesMax} ranges, overlapping ranges, and ranges that together are no smaller than the whole: a
 * server may ignore these, and they serve only attackers.
 *
 * @param size of the representation in bytes
 */
export function parseRange(value: string, size: number): RangeRequest {
  const match = /^bytes=(.*)$/i.exec(value.trim())
  const set = match?.[1]
  if (set === undefined) return WHOLE
  const members = set.split(',', LIMITS.rangesMax + 1).filter((member) => member.trim() !== '')
  if (members.length === 0 || members.length > LIMITS.rangesMax) return WHOLE
  const ranges: ByteRange[] = []
  for (const member of members) {
    const range = parseMember(member.trim(), size)
    if (range === 'malformed' || range === 'empty') return WHOLE
    if (range !== undefined) ranges.push(range)
  }
  return choose(ranges, size)
}

/**
 * Frames several ranges of one representation (RFC 9110 §14.6), in the order of the request.
 *
 * @param type the representation's media type, repeated in each part
 * @param size of the whole representation in bytes
 */
export function createMultipart(ranges: readonly ByteRange[], type: string, size: number): Multipart {
  const boundary = boundaryFor(ranges, size)
  const parts: (ByteRange | string)[] = []
  let length = 0
  const add = (part: ByteRange | string) => {
    parts.push(part)
    length += typeof part === 'string' ? part.length : lengthOf(part)
  }
  for (const range of ranges) {
    const lead = parts.length === 0 ? '' : '\r\n'
    const head = `Content-Type: ${type}\r\nContent-Range: ${formatContentRange(range, size)}`
    add(`${lead}--${boundary}\r\n${head}\r\n\r\n`)
    add(range)
  }
  add(`\r\n--${boundary}--\r\n`)
  return { contentType: `multipart/byteranges; boundary=${boundary}`, length, parts }
}

/** The value of Content-Range for a part: `bytes 0-499/1234`. */
export function formatContentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end}/${size}`
}

/** Bytes in a range. */
export function lengthOf({ start, end }: ByteRange): number {
  return end - start + 1
}

function choose(ranges: readonly ByteRange[], size: number): RangeRequest {
  const [first] = ranges
  if (first === undefined) return UNSATISFIABLE
  if (ranges.length === 1) return { kind: 'part', range: first }
  const total = ranges.reduce((sum, range) => sum + lengthOf(range), 0)
  return total >= size || overlap(ranges) ? WHOLE : { kind: 'parts', ranges }
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const sorted = [...ranges].sort((a, b) => a.start - b.start)
  return sorted.some((range, index) => index > 0 && range.start <= (sorted[index - 1]?.end ?? -1))
}

/** Undefined for a well-formed range outside the file; 'empty' for a suffix of an empty representation. */
function parseMember(member: string, size: number): ByteRange | undefined | 'malformed' | 'empty' {
  const match = MEMBER.exec(member)
  if (match === null) return 'malformed'
  const [, first, last = '', suffix] = match
  if (suffix !== undefined) {
    const length = Number(suffix)
    if (length === 0) return undefined
    return size === 0 ? 'empty' : { start: Math.max(0, size - length), end: size - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'malformed'
  if (start >= size) return undefined
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** A boundary that no body contains by accident. The same request gets the same bytes. */
function boundaryFor(ranges: readonly ByteRange[], size: number): string {
  const seed = `${size}:${ranges.map(({ start, end }) => `${start}-${end}`).join()}`
  return createHash('sha256').update(seed).digest('hex').slice(0, 32)
}
