import { LRUCache } from 'lru-cache'
import { ENCODINGS, type VariantEncoding } from '../core/encoding.ts'
import { LIMITS } from '../core/limit.ts'

/**
 * How much a client wants each encoding, by {@link rankOf}: 0 not at all, 1 most. Below any q-value a client can write
 * stands {@link UNLISTED_IDENTITY}: acceptable, but only if nothing that was asked for is there.
 */
export type Preferences = readonly number[]

const UNLISTED_IDENTITY = 0.0001

/** What a client gets that doesn't say: the bytes as they are, which everyone can read. */
const IDENTITY_ONLY: Preferences = [...ENCODINGS.map(() => 0), 1]

/** RFC 9110 §12.4.2, and as many digits as anyone cares to write. */
const QVALUE = /^(?:0(?:\.\d*)?|1(?:\.0*)?)$/

/**
 * Reads an Accept-Encoding value (RFC 9110 §12.5.3). A member that isn't well-formed is passed over, as if it weren't
 * there; of a coding named twice the first counts.
 *
 * @param value undefined where the header is absent
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
  return [...ENCODINGS.map(wish), asked.get('identity') ?? (rest === 0 ? 0 : UNLISTED_IDENTITY)]
}

/** {@link parseAcceptEncoding} that remembers the latest {@link LIMITS.acceptEncodingMemo} values. */
export function createAcceptEncodingParser(): (value: string | undefined) => Preferences {
  const memo = new LRUCache<string, Preferences>({ max: LIMITS.acceptEncodingMemo })
  // Most values are the one before, and to compare takes less than to look up.
  let last: { readonly value: string; readonly parsed: Preferences } | undefined
  return (value) => {
    if (value === undefined) return IDENTITY_ONLY
    if (value === last?.value) return last.parsed
    const known = memo.get(value)
    const parsed = known ?? parseAcceptEncoding(value)
    // Nobody but an attacker writes a long one twice, and what is remembered is held in memory.
    if (value.length > LIMITS.acceptEncodingMemoChars) return parsed
    if (known === undefined) memo.set(value, parsed)
    last = { value, parsed }
    return parsed
  }
}

/**
 * Which variant to send: the client's q first, then the earliest, as they are ordered by size.
 *
 * @param ranks the variants' encodings, by {@link rankOf}: of those that aren't chosen nothing else is looked at
 * @returns the index of the variant, -1 where the client accepts none
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

/** Smallest first; among equals in the order of {@link ENCODINGS}, the bytes as they are last. */
export function compareVariants(
  a: { readonly encoding: VariantEncoding; readonly size: number },
  b: { readonly encoding: VariantEncoding; readonly size: number },
): number {
  return a.size - b.size || rankOf(a.encoding) - rankOf(b.encoding)
}

/** The place of an encoding among all; the bytes as they are come last. */
export function rankOf(encoding: VariantEncoding): number {
  return encoding === 'identity' ? ENCODINGS.length : ENCODINGS.indexOf(encoding)
}

/** The weight among a member's parameters, 1 where there is none, undefined where it is malformed. */
function qualityOf(parameters: readonly string[]): number | undefined {
  const weight = parameters.find((parameter) => parameter.startsWith('q=') || parameter.startsWith('q '))
  if (weight === undefined) return parameters.some((parameter) => parameter === 'q') ? undefined : 1
  const text = weight.slice(2)
  return QVALUE.test(text) ? Number(text) : undefined
}
