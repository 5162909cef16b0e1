import type { Digester } from '../core/digest.ts'
import { LIMITS } from '../core/limit.ts'
import type { ManifestVariant } from '../core/manifest.ts'
import type { BuildCache } from './cache.ts'
import type { Encoder } from './encoder.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { Recipe } from './recipe.ts'

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
  let encoded = 0
  let recalled = 0

  const encode = async (key: string, recipe: Recipe, identity: Buffer) => {
    encoded++
    const bytes = await encoder.encode(identity, recipe)
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
