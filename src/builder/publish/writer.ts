import type { Digester } from '../../core/digest.ts'
import { formatManifest } from '../../core/manifest/format.ts'
import { MANIFEST_FILE, type Manifest, type ManifestVariant } from '../../core/manifest/manifest.ts'
import type { Storage } from '../../storage/storage.ts'
import { findPromise, hasFile, isPromised, type Output, type OutputPlace } from './output.ts'

/** Writes the files of a build that the output lacks. */
export interface OutputWriter {
  /** True for a file of which the output's manifest promises just these bytes, and whose size is right. */
  has(place: OutputPlace, wanted: ManifestVariant): boolean
  /** Makes sure that a file is there with these bytes, which are asked for only if it isn't. */
  write(key: string, wanted: ManifestVariant, bytes: () => Promise<Buffer>): Promise<void>
  /** Files written so far. */
  count(): number
  /** Sizes of the files written so far, by key. */
  sizes(): ReadonlyMap<string, number>
}

/** A writer for one build. What the output promises stays true after each single write. */
export function createWriter(storage: Storage, output: Output, digester: Digester): OutputWriter {
  const written = new Map<string, number>()
  let retraction: Promise<void> | undefined
  const digestOf = (bytes: Uint8Array) => digester.of(bytes)

  return {
    has: (place, wanted) => isPromised(output, place, wanted),
    async write(key, wanted, bytes) {
      if (await hasFile(output, storage, key, wanted, digestOf)) return
      const content = await bytes()
      const promised = findPromise(output.manifest, key)
      if (promised !== undefined && promised.etag !== wanted.etag && output.manifest !== undefined) {
        retraction ??= retractSiblings(storage, output.manifest)
        await retraction
      }
      await storage.save(key, content, { overwrite: true })
      written.set(key, content.length)
    },
    count: () => written.size,
    sizes: () => written,
  }
}

/** A writer that writes nothing, and counts what it would. */
export function createDryWriter(storage: Storage, output: Output, digester: Digester): OutputWriter {
  let missing = 0
  const digestOf = (bytes: Uint8Array) => digester.of(bytes)
  return {
    has: (place, wanted) => isPromised(output, place, wanted),
    async write(key, wanted) {
      if (!(await hasFile(output, storage, key, wanted, digestOf))) missing++
    },
    count: () => missing,
    sizes: () => new Map(),
  }
}

/**
 * Other encoder settings make other bytes for a sibling whose name stays. Before the first is replaced, the manifest
 * in force stops promising siblings, so that whoever reads it meanwhile finds nothing that contradicts it.
 */
async function retractSiblings(storage: Storage, manifest: Manifest): Promise<void> {
  const assets = new Map([...manifest.assets].map(([path, asset]) => [path, { ...asset, encodings: {} }]))
  await storage.save(MANIFEST_FILE, formatManifest({ ...manifest, assets }), { overwrite: true })
}
