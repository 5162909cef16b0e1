import { type VariantEncoding, variantPath } from '../core/encoding.ts'
import { FingerpostError } from '../core/error.ts'
import { MANIFEST_FILE, type Manifest, type ManifestVariant, parseManifest } from '../core/manifest.ts'
import type { Storage } from '../storage/storage.ts'
import { isObject, refuseForeign } from './foreign.ts'

/** What is at the place a build is written to. */
export interface Output {
  /** The manifest as it stands; undefined for none, and for one that can't be read. */
  readonly manifest: Manifest | undefined
  /** Its text, to see whether it has to be written at all. */
  readonly manifestText: string | undefined
  /** Sizes by key of every file. */
  readonly sizes: ReadonlyMap<string, number>
  /** What the present manifest says of each file, siblings included. */
  readonly promised: ReadonlyMap<string, ManifestVariant>
}

/**
 * Looks at an output; one that isn't there is empty.
 *
 * @param known a manifest that was read before, with its text: it isn't read again
 * @throws FingerpostError `FP_COLLISION` if its `manifest.json` is somebody else's
 */
export async function readOutput(
  storage: Storage,
  known?: { readonly manifest: Manifest; readonly manifestText: string },
): Promise<Output> {
  const sizes = new Map<string, number>()
  for await (const { key, size } of storage.list()) sizes.set(key, size)
  const manifestText = sizes.has(MANIFEST_FILE) ? (await storage.read(MANIFEST_FILE)).toString() : undefined
  const read = () => (manifestText === undefined ? undefined : readableManifest(manifestText, storage.name))
  const manifest = known?.manifestText === manifestText ? known?.manifest : read()
  return { manifest, manifestText, sizes, promised: promisedFiles(manifest) }
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
  { sizes, promised }: Output,
  key: string,
  { size, etag }: ManifestVariant,
): boolean {
  return sizes.get(key) === size && promised.get(key)?.etag === etag
}

/** True if the output has this file already: promised, or of the same size and found to be the same when read. */
export async function hasFile(
  output: Output,
  storage: Storage,
  key: string,
  wanted: ManifestVariant,
  digestOf: (bytes: Uint8Array) => string,
): Promise<boolean> {
  if (isPromised(output, key, wanted)) return true
  if (output.sizes.get(key) !== wanted.size) return false
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
