import { availableParallelism } from 'node:os'
import type { Digester } from '../../core/digest.ts'
import type { Encoding } from '../../core/encoding.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ManifestVariant } from '../../core/manifest/manifest.ts'
import type { BuildCache } from '../cache/cache.ts'
import type { Fingerprint } from '../read/fingerprint.ts'
import { createEncoderLine } from './encode-queue.ts'
import type { Encoder, Recipe } from './encoder.ts'

/** A sibling that pays. */
export interface Variant extends ManifestVariant {
  /** Its bytes, fetched when they have to be written. */
  readonly bytes: () => Promise<Buffer>
}

/** Makes siblings. */
export interface VariantMaker {
  /** The sibling of these bytes; undefined where it would not be smaller enough to pay. */
  make(content: Fingerprint, recipe: Recipe, bytes: () => Promise<Buffer>): Promise<Variant | undefined>
  /**
   * All siblings of a content at once, where the cache knows every one of them and `isThere` says yes to each; undefined
   * otherwise. Waits for nothing: most files of most builds have not changed.
   */
  recall(content: Fingerprint, recipes: readonly Recipe[], isThere: IsThere): Encodings | undefined
  /** Begins a sibling that {@link VariantMaker.make} will be asked for, which also tells of a failure. */
  begin(content: Fingerprint, recipe: Recipe, bytes: Buffer): void
  /** Siblings an encoder made, and those that came from the cache. */
  count(): { readonly encoded: number; readonly recalled: number }
  /** Resolves when no sibling is being made. */
  settle(): Promise<void>
}

/** Whether the output has a sibling. */
export type IsThere = (recipe: Recipe, known: ManifestVariant) => boolean

/** What a manifest says of an asset's siblings. */
export type Encodings = Partial<Record<Encoding, ManifestVariant>>

/** What is known of a sibling without its bytes. */
export type KnownVariant = ManifestVariant | 'unprofitable'

/** What a variant maker works with. */
export interface VariantContext {
  readonly encoder: Encoder
  readonly cache: BuildCache
  readonly digester: Digester
  /** Once aborted, nothing more is encoded. */
  readonly signal: AbortSignal
}

/** A maker that asks the cache before it encodes. */
export function createVariantMaker({ encoder, cache, digester, signal }: VariantContext): VariantMaker {
  const line = createEncoderLine(encodersAtOnce(), signal)
  const begun = new Map<string, Promise<Variant | undefined>>()
  const underWay = new Set<Promise<unknown>>()
  let encoded = 0
  let recalled = 0

  const encode = async (key: string, recipe: Recipe, identity: Buffer) => {
    const bytes = await line.run(identity.length, () => {
      encoded++
      return encoder.encode(identity, recipe)
    })
    const pays = bytes.length < identity.length * LIMITS.variantMaxRatio
    const known: KnownVariant = pays ? { size: bytes.length, etag: digester.of(bytes) } : 'unprofitable'
    await cache.keepVariant(key, known, pays ? bytes : undefined)
    return { known, bytes }
  }
  const recallOrEncode = async (key: string, recipe: Recipe, identity: () => Promise<Buffer>) => {
    const known = cache.findVariant(key)
    if (known === undefined) {
      const { known: made, bytes } = await encode(key, recipe, await identity())
      return made === 'unprofitable' ? undefined : variantOf(made, async () => bytes)
    }
    recalled++
    if (known === 'unprofitable') return undefined
    const recall = async () =>
      (await cache.readVariant(key)) ?? (await encode(key, recipe, await identity())).bytes
    return variantOf(known, recall)
  }
  const start = (key: string, recipe: Recipe, identity: () => Promise<Buffer>) => {
    const sibling = recallOrEncode(key, recipe, identity)
    underWay.add(sibling)
    const leave = () => underWay.delete(sibling)
    sibling.then(leave, leave)
    return sibling
  }
  const keyOf = ({ integrity }: Fingerprint, recipe: Recipe) => `${integrity} ${encoder.versionOf(recipe)}`

  return {
    recall(content, recipes, isThere) {
      const encodings: Encodings = {}
      if (content.size < LIMITS.compressMinBytes) return encodings
      for (const recipe of recipes) {
        const key = keyOf(content, recipe)
        const known = begun.has(key) ? undefined : cache.findVariant(key)
        if (known === undefined || (known !== 'unprofitable' && !isThere(recipe, known))) return undefined
        if (known !== 'unprofitable') encodings[recipe.encoding] = known
      }
      recalled += recipes.length
      return encodings
    },
    async make(content, recipe, identity) {
      if (content.size < LIMITS.compressMinBytes) return undefined
      const key = keyOf(content, recipe)
      const sibling = begun.get(key) ?? start(key, recipe, identity)
      begun.delete(key)
      return sibling
    },
    begin(content, recipe, identity) {
      const key = keyOf(content, recipe)
      if (content.size < LIMITS.compressMinBytes || begun.has(key)) return
      begun.set(
        key,
        start(key, recipe, async () => identity),
      )
    },
    count: () => ({ encoded, recalled }),
    async settle() {
      await Promise.allSettled(underWay)
    },
  }
}

function variantOf({ size, etag }: ManifestVariant, bytes: Variant['bytes']): Variant {
  return { size, etag, bytes }
}

/** Of libuv's threads, unless UV_THREADPOOL_SIZE says otherwise (Node.js, command-line API). */
const DEFAULT_THREADS = 4

/** Every core, but not every thread: one at least must be free for the disk, or finished files wait behind encoders. */
function encodersAtOnce(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE']) || DEFAULT_THREADS
  return Math.max(1, Math.min(availableParallelism(), threads - 1))
}
