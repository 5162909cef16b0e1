import { type Encoding, variantPath } from '../core/encoding.ts'
import type { Manifest, ManifestAsset, ManifestVariant } from '../core/manifest/manifest.ts'
import { comparePaths } from '../core/path.ts'
import { HASHED_CACHE_CONTROL } from '../http/header-rules.ts'
import { plusAlias } from '../storage/key.ts'
import type { ObjectHeaders, Storage } from '../storage/storage.ts'

/**
 * Which bytes a bucket gets, since it can't choose by Accept-Encoding:
 * `identity` for a CDN that compresses by itself; `br` or `gzip` puts these bytes, with Content-Encoding, under the
 * hashed name (every browser of today takes br over https); `both` puts identity there and the siblings beside it, for
 * something in front that picks one.
 */
export type BucketVariant = 'identity' | 'br' | 'gzip' | 'both'

export const BUCKET_VARIANTS: readonly BucketVariant[] = ['identity', 'br', 'gzip', 'both']

/** One object of a build. */
export interface PlannedObject {
  /** The key in the bucket. */
  readonly key: string
  /** The key of the bytes in the build. */
  readonly source: string
  /** Bytes. */
  readonly size: number
  readonly headers: ObjectHeaders
}

/** Every object but the manifest, sorted by key. */
export function planObjects(
  manifest: Manifest,
  variant: BucketVariant,
  target: Storage,
): readonly PlannedObject[] {
  const objects = [...manifest.assets.values()].flatMap((asset) => objectsOf(asset, variant))
  const aliases = target.url === undefined ? [] : aliasesOf(objects)
  return [...objects, ...aliases].sort((a, b) => comparePaths(a.key, b.key))
}

/** A storage that serves files itself may read a raw `+` in a URL as a blank, as S3 does. */
function aliasesOf(objects: readonly PlannedObject[]): readonly PlannedObject[] {
  const keys = new Set(objects.map(({ key }) => key))
  return objects
    .filter(({ key }) => key.includes('+') && !keys.has(plusAlias(key)))
    .map((object) => ({ ...object, key: plusAlias(object.key) }))
}

function objectsOf(asset: ManifestAsset, variant: BucketVariant): readonly PlannedObject[] {
  if (variant !== 'both') return [objectFor(asset, variant === 'identity' ? undefined : variant, asset.file)]
  const siblings = (['br', 'gzip'] as const)
    .filter((encoding) => asset.encodings[encoding] !== undefined)
    .map((encoding) => objectFor(asset, encoding, variantPath(asset.file, encoding)))
  return [objectFor(asset, undefined, asset.file), ...siblings]
}

/** What doesn't shrink has no variant: its own bytes are the best there are. */
function objectFor(asset: ManifestAsset, encoding: Encoding | undefined, key: string): PlannedObject {
  const found = encoding === undefined ? undefined : asset.encodings[encoding]
  const { size }: ManifestVariant = found ?? asset
  return {
    key,
    source: variantPath(asset.file, found === undefined || encoding === undefined ? 'identity' : encoding),
    size,
    headers: {
      contentType: asset.type,
      cacheControl: HASHED_CACHE_CONTROL,
      ...(found === undefined || encoding === undefined ? {} : { contentEncoding: encoding }),
      // Of the bytes a browser checks: those after the encoding is undone.
      metadata: { integrity: asset.integrity },
    },
  }
}
