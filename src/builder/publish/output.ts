import type { Digest, Digester } from '../../core/digest.ts'
import { VARIANT_ENCODINGS, type VariantEncoding, variantPath } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { findPathOf } from '../../core/hashed-path.ts'
import {
  MANIFEST_FILE,
  type Manifest,
  type ManifestVariant,
  parseManifest,
} from '../../core/manifest/manifest.ts'
import type { Storage } from '../../storage/storage.ts'
import { isObject, refuseForeign } from './foreign.ts'
import { OWN_FOLDER } from './lock.ts'

/** What is in the output before a build. */
export interface OutputState {
  /** The manifest; undefined for none, and for one that can't be read. */
  readonly manifest: Manifest | undefined
  /** Of all files except locks, by key. */
  readonly sizes: ReadonlyMap<string, number>
}

/**
 * Looks at an output; a missing one is empty.
 *
 * @throws FingerpostError `FP_COLLISION` if its `manifest.json` is not a build's
 */
export async function readOutput(storage: Storage): Promise<OutputState> {
  const sizes = await listSizes(storage)
  if (sizes.get(MANIFEST_FILE) === undefined) return { manifest: undefined, sizes }
  const bytes = await storage.read(MANIFEST_FILE)
  return { manifest: readableManifest(bytes.toString(), storage.name), sizes }
}

/** The sizes of all files of an output except locks, by key. */
export async function listSizes(storage: Pick<Storage, 'list'>): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { key, size } of storage.list()) if (!key.startsWith(OWN_FOLDER)) sizes.set(key, size)
  return sizes
}

export function digestSizes(sizes: ReadonlyMap<string, number>, digester: Digester): Digest {
  return digester.ofFields(Array.from(sizes, ([key, size]) => `${key}\0${size}`).sort())
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
    const variant = encoding === 'identity' ? asset : asset?.encodings[encoding]
    if (variant !== undefined) return variant
  }
  return undefined
}

/**
 * The manifest of a build.
 *
 * @throws FingerpostError `FP_MANIFEST` if it is missing or damaged
 */
export async function readManifest(storage: Storage): Promise<Manifest> {
  const where = `${storage.name}: ${MANIFEST_FILE}`
  if ((await storage.stat(MANIFEST_FILE)) !== undefined) {
    return parseManifest((await storage.read(MANIFEST_FILE)).toString(), where)
  }
  throw new FingerpostError('FP_MANIFEST', `${where} is missing.`, {
    remedy: 'Build first: fingerpost build. Or name the folder of a build with --out DIR.',
    details: { manifest: where },
  })
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
