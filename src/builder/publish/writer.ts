import type { Digester } from '../../core/digest.ts'
import { formatManifest } from '../../core/manifest/format.ts'
import { MANIFEST_FILE, type Manifest, type ManifestVariant } from '../../core/manifest/manifest.ts'
import type { Storage } from '../../storage/storage.ts'
import { findPromise, type OutputState } from './output.ts'

/** Writes the files of a build that the output lacks. */
export interface OutputWriter {
  /** True if the output's manifest promises exactly these bytes and the size is right. The bytes are not read. */
  has(key: string, wanted: ManifestVariant): boolean
  /** Ensures that a file has these bytes, which are requested only if they are missing. */
  write(key: string, wanted: ManifestVariant, bytes: () => Promise<Buffer>): Promise<void>
  /** Sizes of the files written so far, by key. */
  written(): ReadonlyMap<string, number>
}

/** Where and how to write. */
export interface WriterContext {
  readonly storage: Storage
  readonly output: OutputState
  readonly digester: Digester
  /** `dry-run` only counts. */
  readonly mode: 'publish' | 'dry-run'
}

/** A writer for one build. What the output's manifest promises stays true after each single write. */
export function createWriter({ storage, output, digester, mode }: WriterContext): OutputWriter {
  const written = new Map<string, number>()
  let retraction: Promise<void> | undefined
  const has = (key: string, { size, etag }: ManifestVariant) =>
    output.sizes.get(key) === size && findPromise(output.manifest, key)?.etag === etag
  const isEqual = async (key: string, { size, etag }: ManifestVariant) =>
    output.sizes.get(key) === size && digester.of(await storage.read(key)) === etag
  return {
    has,
    async write(key, wanted, bytes) {
      if (has(key, wanted) || (await isEqual(key, wanted))) return
      if (mode === 'publish') {
        const content = await bytes()
        const promised = findPromise(output.manifest, key)
        if (output.manifest !== undefined && promised !== undefined && promised.etag !== wanted.etag) {
          retraction ??= retractVariants(storage, output.manifest)
          await retraction
        }
        await storage.save(key, content, { overwrite: true })
      }
      written.set(key, wanted.size)
    },
    written: () => written,
  }
}

/**
 * Other encoder settings give a precompressed file other bytes under the same name. Before the first one is replaced,
 * the manifest in force stops promising them, so that no reader finds a contradiction.
 */
async function retractVariants(storage: Storage, manifest: Manifest): Promise<void> {
  const assets = new Map([...manifest.assets].map(([path, asset]) => [path, { ...asset, encodings: {} }]))
  await storage.save(MANIFEST_FILE, formatManifest({ ...manifest, assets }), { overwrite: true })
}
