import { availableParallelism } from 'node:os'
import { createBudget } from '../core/budget.ts'
import type { Digester } from '../core/digest.ts'
import { LIMITS } from '../core/limit.ts'
import type { ManifestVariant } from '../core/manifest.ts'
import type { BuildCache } from './cache.ts'
import type { Encoder, Recipe } from './encoder.ts'
import type { Fingerprint } from './fingerprint.ts'

/** A sibling that pays. */
export interface Variant extends ManifestVariant {
  /** Its bytes, fetched when they have to be written. */
  readonly bytes: () => Promise<Buffer>
}

/** Makes siblings. */
export interface VariantMaker {
  /** The sibling of these bytes; undefined where it would not be smaller enough to pay. */
  make(content: Fingerprint, recipe: Recipe, bytes: () => Promise<Buffer>): Promise<Variant | undefined>
  /** Siblings an encoder made, and those that came from the cache. */
  count(): { readonly encoded: number; readonly recalled: number }
}

/** What is known of a sibling without its bytes. */
export type KnownVariant = ManifestVariant | 'unprofitable'

/** What a variant maker works with. */
export interface VariantContext {
  readonly encoder: Encoder
  readonly cache: BuildCache
  readonly digester: Digester
}

/** A maker that asks the cache before it encodes. */
export function createVariantMaker({ encoder, cache, digester }: VariantContext): VariantMaker {
  const slots = createBudget(encodersAtOnce())
  let encoded = 0
  let recalled = 0

  const encode = async (key: string, recipe: Recipe, identity: Buffer) => {
    encoded++
    const bytes = await slots.spend(1, () => encoder.encode(identity, recipe))
    const pays = bytes.length < identity.length * LIMITS.variantMaxRatio
    const known: KnownVariant = pays ? { size: bytes.length, etag: digester.of(bytes) } : 'unprofitable'
    await cache.keepVariant(key, known, pays ? bytes : undefined)
    return { known, bytes }
  }

  return {
    async make(content, recipe, identity) {
      if (content.size < LIMITS.compressMinBytes) return undefined
      const key = `${content.integrity} ${encoder.versionOf(recipe)}`
      const known = cache.findVariant(key)
      if (known === undefined) {
        const { known: made, bytes } = await encode(key, recipe, await identity())
        return made === 'unprofitable' ? undefined : { ...made, bytes: async () => bytes }
      }
      recalled++
      if (known === 'unprofitable') return undefined
      const recall = async () =>
        (await cache.readVariant(key)) ?? (await encode(key, recipe, await identity())).bytes
      return { ...known, bytes: recall }
    },
    count: () => ({ encoded, recalled }),
  }
}

/** Of libuv's threads, unless UV_THREADPOOL_SIZE says otherwise (Node.js, command-line API). */
const DEFAULT_THREADS = 4

/** Every core, but not every thread: one at least must be free for the disk, or finished files wait behind encoders. */
function encodersAtOnce(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE']) || DEFAULT_THREADS
  return Math.max(1, Math.min(availableParallelism(), threads - 1))
}
