import { LIMITS } from '../core/limit.ts'
import type { ByteRange } from '../storage/storage.ts'

/** What a Range header asks of a representation of known size. */
export type RangeRequest =
  /** No range we honour: the whole representation is the answer. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'part'; readonly range: ByteRange }
  | { readonly kind: 'parts'; readonly ranges: readonly ByteRange[] }

const WHOLE: RangeRequest = { kind: 'whole' }
const UNSATISFIABLE: RangeRequest = { kind: 'unsatisfiable' }

/** One member: first and last position, or the length of a suffix. */
const MEMBER = /^(?:(\d+)-(\d*)|-(\d+))$/

/**
 * Reads a Range value (RFC 9110 §14.1.2, §14.2). Another unit and a malformed value are ignored, as the RFC has it; so
 * are more than {@link LIMITS.rangesMax} ranges, ranges that overlap and ranges that together are no smaller than the
 * whole, which a server may ignore and an attacker would use.
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

/** Undefined for a range that is well-formed and lies outside; 'empty' for a suffix of an empty representation. */
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
