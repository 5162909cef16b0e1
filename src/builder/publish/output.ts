import type { Digester } from '../../core/digest.ts'
import { ENCODINGS, type VariantEncoding, variantPath } from '../../core/encoding.ts'
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

/** What is at the place a build is written to. */
export interface Output {
  /** The manifest as it stands; undefined for none, and for one that can't be read. */
  readonly manifest: Manifest | undefined
  readonly sizes: Sizes
}

/** Which variant of which asset a file of an output is. */
export interface OutputPlace {
  readonly path: LogicalPath
  readonly file: HashedPath
  readonly encoding: VariantEncoding
}

/**
 * Looks at an output; one that isn't there is empty.
 *
 * @throws FingerpostError `FP_COLLISION` if its `manifest.json` is somebody else's
 */
export async function readOutput(storage: Storage, digester: Digester): Promise<Output> {
  const sizes = await listSizes(storage, digester)
  if (sizes.get(MANIFEST_FILE) === undefined) return { manifest: undefined, sizes }
  const bytes = await storage.read(MANIFEST_FILE)
  return { manifest: readableManifest(bytes.toString(), storage.name), sizes }
}

/** Every file a manifest speaks of, siblings included, by its key. */
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

/** True for a file that the manifest promises with this digest, if its size is right: it is taken at its word. */
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
 * What a manifest says of the file under a key; undefined if nothing. Whose file it is can be read from the key: a table
 * of all of them would be as large as the manifest.
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

const VARIANT_ENCODINGS: readonly VariantEncoding[] = ['identity', ...ENCODINGS]

function variantOf(asset: ManifestAsset, encoding: VariantEncoding): ManifestVariant | undefined {
  return encoding === 'identity' ? asset : asset.encodings[encoding]
}

/** True if the output has this file already: promised, or of the same size and found to be the same when read. */
export async function hasFile(
  output: Output,
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
 * A manifest that stands where a build is to go. One that can't be used is no reason not to build: the build is the
 * remedy.
 *
 * @throws FingerpostError `FP_COLLISION` for somebody else's
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
