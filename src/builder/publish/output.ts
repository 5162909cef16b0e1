import type { Digester } from '../../core/digest.ts'
import { VARIANT_ENCODINGS, type VariantEncoding, variantPath } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { findPathOf, type HashedPath } from '../../core/hashed-path.ts'
import {
  MANIFEST_FILE,
  type Manifest,
  type ManifestAsset,
  type ManifestVariant,
  parseManifest,
} from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Storage } from '../../storage/storage.ts'
import { listSizes, type Sizes } from '../cache/sizes.ts'
import { isObject, refuseForeign } from './foreign.ts'

/** What is in the output before a build. */
export interface OutputState {
  /** The manifest; undefined for none, and for one that can't be read. */
  readonly manifest: Manifest | undefined
  readonly sizes: Sizes
}

/** Which variant of which asset a file of the output is. */
export interface OutputPlace {
  readonly path: LogicalPath
  readonly file: HashedPath
  readonly encoding: VariantEncoding
}

/**
 * Looks at an output; a missing one is empty.
 *
 * @throws FingerpostError `FP_COLLISION` if its `manifest.json` is not a build's
 */
export async function readOutput(storage: Storage, digester: Digester): Promise<OutputState> {
  const sizes = await listSizes(storage, digester)
  if (sizes.get(MANIFEST_FILE) === undefined) return { manifest: undefined, sizes }
  const bytes = await storage.read(MANIFEST_FILE)
  return { manifest: readableManifest(bytes.toString(), storage.name), sizes }
}

/** Every file of a build, precompressed ones included, by key. */
export function promisedFiles(manifest: Manifest | undefined): ReadonlyMap<string, ManifestVariant> {
  const files = new Map<string, ManifestVariant>()
  for (const asset of manifest?.assets.values() ?? []) {
    files.set(asset.file, { size: asset.size, etag: asset.etag })
    for (const [encoding, variant] of Object.entries(asset.encodings)) {
      files.set(variantPath(asset.file, encoding as VariantEncoding), variant)
    }
  }
  return files
}

/** True for a file that the manifest promises with this digest, if its size is right. The bytes are not read. */
export function isPromised(
  { manifest, sizes }: { readonly manifest: Manifest | undefined; readonly sizes: Pick<Sizes, 'get'> },
  { path, file, encoding }: OutputPlace,
  { size, etag }: ManifestVariant,
): boolean {
  const asset = manifest?.assets.get(path)
  if (asset?.file !== file || variantOf(asset, encoding)?.etag !== etag) return false
  return sizes.get(variantPath(file, encoding)) === size
}

/**
 * What a manifest promises of a key; undefined for nothing. The asset is found from the key itself: a table of all keys
 * would be as large as the manifest.
 */
export function findPromise(manifest: Manifest | undefined, key: string): ManifestVariant | undefined {
  if (manifest === undefined) return undefined
  for (const encoding of VARIANT_ENCODINGS) {
    const suffix = variantPath('', encoding)
    if (!key.endsWith(suffix)) continue
    const path = findPathOf(key.slice(0, key.length - suffix.length), manifest.assets)
    const asset = path === undefined ? undefined : manifest.assets.get(path)
    const variant = asset && variantOf(asset, encoding)
    if (variant !== undefined) return variant
  }
  return undefined
}

function variantOf(asset: ManifestAsset, encoding: VariantEncoding): ManifestVariant | undefined {
  return encoding === 'identity' ? asset : asset.encodings[encoding]
}

/** True if the output has these bytes: promised, or of the same size and equal when read. */
export async function hasFile(
  output: OutputState,
  storage: Storage,
  key: string,
  wanted: ManifestVariant,
  digestOf: (bytes: Uint8Array) => string,
): Promise<boolean> {
  if (output.sizes.get(key) !== wanted.size) return false
  if (findPromise(output.manifest, key)?.etag === wanted.etag) return true
  return digestOf(await storage.read(key)) === wanted.etag
}

/**
 * The manifest in an output. A damaged one is undefined: a build repairs it.
 *
 * @throws FingerpostError `FP_COLLISION` for a file that is no manifest of fingerpost
 */
export function readableManifest(text: string, where: string): Manifest | undefined {
  try {
    return parseManifest(text, where)
  } catch (error) {
    if (!(error instanceof FingerpostError && error.code === 'FP_MANIFEST')) throw error
    refuseForeign(text, MANIFEST_FILE, where, ({ version, assets }) => {
      return typeof version === 'number' && isObject(assets)
    })
    return undefined
  }
}
