import { LRUCache } from 'lru-cache'
import { ENCODINGS, type VariantEncoding } from '../core/encoding.ts'
import { LIMITS } from '../core/limit.ts'

/**
 * How much a client wants each encoding: 0 not at all, 1 most. Below any q-value a client can write stands
 * {@link UNLISTED_IDENTITY}: acceptable, but only if nothing that was asked for is there.
 */
export type Preferences = Readonly<Record<VariantEncoding, number>>

const UNLISTED_IDENTITY = 0.0001

/** What a client gets that doesn't say: the bytes as they are, which everyone can read. */
const IDENTITY_ONLY: Preferences = { identity: 1, br: 0, zstd: 0, gzip: 0 }

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
  return {
    identity: asked.get('identity') ?? (rest === 0 ? 0 : UNLISTED_IDENTITY),
    br: wish('br'),
    zstd: wish('zstd'),
    gzip: wish('gzip'),
  }
}

/** {@link parseAcceptEncoding} that remembers the latest {@link LIMITS.acceptEncodingMemo} values. */
export function createAcceptEncodingParser(): (value: string | undefined) => Preferences {
  const memo = new LRUCache<string, Preferences>({ max: LIMITS.acceptEncodingMemo })
  return (value) => {
    if (value === undefined) return IDENTITY_ONLY
    const known = memo.get(value)
    if (known !== undefined) return known
    const parsed = parseAcceptEncoding(value)
    // Nobody but an attacker writes a long one twice, and keys are held in memory.
    if (value.length <= LIMITS.acceptEncodingMemoChars) memo.set(value, parsed)
    return parsed
  }
}

/**
 * The variant to send: the client's q first, then the earliest in the list, which is ordered by size.
 *
 * @returns undefined where the client accepts none
 */
export function chooseVariant<V extends { readonly encoding: VariantEncoding }>(
  variants: readonly V[],
  preferences: Preferences,
): V | undefined {
  let best: V | undefined
  let bestQuality = 0
  for (const variant of variants) {
    const quality = preferences[variant.encoding]
    if (quality > bestQuality) {
      best = variant
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
  return a.size - b.size || rank(a.encoding) - rank(b.encoding)
}

function rank(encoding: VariantEncoding): number {
  return encoding === 'identity' ? ENCODINGS.length : ENCODINGS.indexOf(encoding)
}

/** The weight among a member's parameters, 1 where there is none, undefined where it is malformed. */
function qualityOf(parameters: readonly string[]): number | undefined {
  const weight = parameters.find((parameter) => parameter.startsWith('q=') || parameter.startsWith('q '))
  if (weight === undefined) return parameters.some((parameter) => parameter === 'q') ? undefined : 1
  const text = weight.slice(2)
  return QVALUE.test(text) ? Number(text) : undefined
}
