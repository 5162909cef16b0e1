import { availableParallelism } from 'node:os'
import type { Digester, Fingerprint } from '../../core/digest.ts'
import type { Encoding } from '../../core/encoding.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ManifestVariant } from '../../core/manifest/manifest.ts'
import { type Cache, getJson, putJson } from '../cache/cache.ts'
import type { CompressionRule } from './compression-rule.ts'
import { createEncodeQueue } from './encode-queue.ts'
import type { Encoder, VariantRule } from './encoder.ts'

/** A compressed variant that is worth publishing. */
export interface Variant extends ManifestVariant {
  /** Its bytes, fetched only to be written. */
  readonly bytes: () => Promise<Buffer>
}

/** Compresses, unless the cache has the result. */
export interface VariantMaker {
  /** Undefined if the result isn't enough smaller. */
  make(content: Fingerprint, rule: VariantRule, bytes: () => Promise<Buffer>): Promise<Variant | undefined>
  /** All variants of a content without waiting; undefined unless the cache knows and the output has every one. */
  recall(content: Fingerprint, rules: readonly CompressionRule[], isThere: IsThere): Encodings | undefined
  /** Starts a variant that `make` will be asked for; `make` also reports a failure. */
  begin(content: Fingerprint, rule: CompressionRule, bytes: Buffer): void
  /** Variants compressed, and variants that came from the cache or a previous build. */
  count(): { readonly encoded: number; readonly recalled: number }
  /** Resolves when nothing is being compressed. */
  settle(): Promise<void>
}

/** Whether the output has a variant. */
export type IsThere = (encoding: Encoding, known: ManifestVariant) => boolean

/** The variants of an asset as the manifest lists them. */
export type Encodings = Partial<Record<Encoding, ManifestVariant>>

/** What the cache keeps besides the bytes. */
type KnownVariant = ManifestVariant | 'unprofitable'

/** What a variant maker works with. */
export interface VariantContext {
  readonly encoder: Encoder
  readonly cache: Cache
  readonly digester: Digester
  /** A variant that a previous build has, checked; undefined if it has none. */
  readonly take?: ((content: Fingerprint, rule: CompressionRule) => Promise<Buffer | undefined>) | undefined
  /** Once aborted, nothing more is compressed. */
  readonly signal: AbortSignal
}

export function createVariantMaker({ encoder, cache, digester, take, signal }: VariantContext): VariantMaker {
  const queue = createEncodeQueue(encodersAtOnce(), signal)
  const begun = new Map<string, Promise<Variant | undefined>>()
  const underWay = new Set<Promise<unknown>>()
  let encoded = 0
  let recalled = 0

  const encode = async (key: string, rule: VariantRule, identity: Buffer) => {
    const inputBytes = identity.length + ('dictionary' in rule ? rule.dictionary.size : 0)
    const bytes = await queue.run(inputBytes, () => {
      encoded++
      return encoder.encode(identity, rule)
    })
    const isProfitable =
      'dictionary' in rule
        ? bytes.length <= rule.maxBytes
        : bytes.length < identity.length * LIMITS.variantMaxRatio
    const known: KnownVariant = isProfitable
      ? { size: bytes.length, etag: digester.of(bytes) }
      : 'unprofitable'
    putJson(cache, key, known)
    if (known !== 'unprofitable') cache.put(bytesKeyOf(key, known), bytes)
    return { known, bytes }
  }
  const recallOrEncode = async (
    content: Fingerprint,
    rule: VariantRule,
    identity: () => Promise<Buffer>,
  ): Promise<Variant | undefined> => {
    const key = keyOf(content, rule)
    const known = getJson<KnownVariant>(cache, key)
    if (known === undefined) {
      // Not put into the cache: it may be of another encoder.
      const taken = 'dictionary' in rule ? undefined : await take?.(content, rule)
      if (taken !== undefined) {
        recalled++
        return { size: taken.length, etag: digester.of(taken), bytes: async () => taken }
      }
      const made = await encode(key, rule, await identity())
      return made.known === 'unprofitable' ? undefined : { ...made.known, bytes: async () => made.bytes }
    }
    recalled++
    if (known === 'unprofitable') return undefined
    const { size, etag } = known
    const bytes = async () =>
      cache.get(bytesKeyOf(key, known)) ?? (await encode(key, rule, await identity())).bytes
    return { size, etag, bytes }
  }
  const start = (content: Fingerprint, rule: VariantRule, identity: () => Promise<Buffer>) => {
    const variant = recallOrEncode(content, rule, identity)
    underWay.add(variant)
    const leave = () => underWay.delete(variant)
    variant.then(leave, leave)
    return variant
  }
  const keyOf = ({ integrity }: Fingerprint, rule: VariantRule) =>
    `variant ${integrity} ${encoder.versionOf(rule)}`
  // Two builds with other compressors may put other bytes for one key.
  const bytesKeyOf = (key: string, { etag }: ManifestVariant) => `${key} ${etag}`
  const isTooSmall = ({ size }: Fingerprint) => size < LIMITS.compressMinBytes

  return {
    recall(content, rules, isThere) {
      const encodings: Encodings = {}
      if (isTooSmall(content)) return encodings
      for (const rule of rules) {
        const key = keyOf(content, rule)
        const known = begun.has(key) ? undefined : getJson<KnownVariant>(cache, key)
        if (known === undefined) return undefined
        if (known === 'unprofitable') continue
        if (!isThere(rule.encoding, known)) return undefined
        encodings[rule.encoding] = known
      }
      recalled += rules.length
      return encodings
    },
    async make(content, rule, identity) {
      if (isTooSmall(content)) return undefined
      const key = keyOf(content, rule)
      const variant = begun.get(key) ?? start(content, rule, identity)
      begun.delete(key)
      return variant
    },
    begin(content, rule, identity) {
      const key = keyOf(content, rule)
      if (!isTooSmall(content) && !begun.has(key))
        begun.set(
          key,
          start(content, rule, async () => identity),
        )
    },
    count: () => ({ encoded, recalled }),
    async settle() {
      await Promise.allSettled(underWay)
    },
  }
}

/** Threads of libuv, unless UV_THREADPOOL_SIZE says otherwise. */
const DEFAULT_THREADS = 4

/** Every core, but not every thread: one stays free for the disk, so that finished files don't wait for encoders. */
function encodersAtOnce(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE']) || DEFAULT_THREADS
  return Math.max(1, Math.min(availableParallelism(), threads - 1))
}
