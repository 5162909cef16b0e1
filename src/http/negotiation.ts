import { LRUCache } from 'lru-cache'
import { type ContentCoding, DELTA_ENCODINGS, ENCODINGS } from '../core/encoding.ts'
import { LIMITS } from '../core/limit.ts'

/**
 * A client's quality values by {@link rankOf}: 0 refuses an encoding, 1 wants it most. {@link UNLISTED_IDENTITY} is below
 * any value a client can send: acceptable if nothing else that was asked for is available.
 */
export type Preferences = readonly number[]

const UNLISTED_IDENTITY = 0.0001

/** Without Accept-Encoding only the identity is sent, which every client can read. */
export const IDENTITY_ONLY: Preferences = [...ENCODINGS.map(() => 0), 1]

/** RFC 9110 §12.4.2, with any number of digits. */
const QVALUE = /^(?:0(?:\.\d*)?|1(?:\.0*)?)$/

/**
 * Reads an Accept-Encoding value (RFC 9110 §12.5.3). Malformed members are ignored; of a coding listed twice the first
 * counts.
 *
 * @param value undefined if the header is absent
 */
export function parseAcceptEncoding(value: string | undefined): Preferences {
  if (value === undefined) return IDENTITY_ONLY
  const asked = new Map<string, number>()
  for (const member of value.split(',')) {
    const [coding = '', ...parameters] = member.split(';').map((part) => part.trim().toLowerCase())
    const quality = qualityOf(parameters)
    const name = coding === 'x-gzip' ? 'gzip' : coding
    if (name !== '' && quality !== undefined && !asked.has(name)) asked.set(name, quality)
  }
  const rest = asked.get('*')
  const wish = (encoding: string) => asked.get(encoding) ?? rest ?? 0
  const identity = asked.get('identity') ?? (rest === 0 ? 0 : UNLISTED_IDENTITY)
  // `*` is no offer to decode with a dictionary.
  return [...ENCODINGS.map(wish), identity, ...DELTA_ENCODINGS.map((encoding) => asked.get(encoding) ?? 0)]
}

/** {@link parseAcceptEncoding} with a memo of the latest {@link LIMITS.acceptEncodingMemo} values. */
export function createAcceptEncodingParser(): (value: string | undefined) => Preferences {
  const memo = new LRUCache<string, Preferences>({ max: LIMITS.acceptEncodingMemo })
  // Most values equal the previous one, and comparing is cheaper than a lookup.
  let last: { readonly value: string; readonly parsed: Preferences } | undefined
  return (value) => {
    if (value === undefined) return IDENTITY_ONLY
    if (value === last?.value) return last.parsed
    const known = memo.get(value)
    const parsed = known ?? parseAcceptEncoding(value)
    // Only attackers send long values, and the memo holds them in memory.
    if (value.length > LIMITS.acceptEncodingMemoChars) return parsed
    if (known === undefined) memo.set(value, parsed)
    last = { value, parsed }
    return parsed
  }
}

/**
 * Chooses the variant to send: the client's q first, then the earliest, as variants are ordered by size.
 *
 * @param ranks the variants' encodings, by {@link rankOf}
 * @returns the index of the variant, -1 if the client accepts none
 */
export function chooseVariant(ranks: readonly number[], preferences: Preferences): number {
  let best = -1
  let bestQuality = 0
  for (let index = 0; index < ranks.length; index++) {
    const quality = preferences[ranks[index] ?? -1] ?? 0
    if (quality > bestQuality) {
      best = index
      bestQuality = quality
    }
  }
  return best
}

/** Smallest first; among equals by {@link rankOf}. */
export function compareVariants(
  a: { readonly encoding: ContentCoding; readonly size: number },
  b: { readonly encoding: ContentCoding; readonly size: number },
): number {
  return a.size - b.size || rankOf(a.encoding) - rankOf(b.encoding)
}

/** The index of a coding in {@link ENCODINGS}; after these come the identity and deltas. */
export function rankOf(encoding: ContentCoding): number {
  return RANKS.indexOf(encoding)
}

const RANKS: readonly ContentCoding[] = [...ENCODINGS, 'identity', ...DELTA_ENCODINGS]

/** The weight among a member's parameters; 1 without one, undefined if malformed. */
function qualityOf(parameters: readonly string[]): number | undefined {
  const weight = parameters.find((parameter) => parameter.startsWith('q=') || parameter.startsWith('q '))
  if (weight === undefined) return parameters.some((parameter) => parameter === 'q') ? undefined : 1
  const text = weight.slice(2)
  return QVALUE.test(text) ? Number(text) : undefined
}
