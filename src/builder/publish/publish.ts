import type { Digest, Digester } from '../../core/digest.ts'
import {
  type ImportMapNames,
  MANIFEST_FILE,
  MANIFEST_VERSION,
  type Manifest,
  type ManifestAsset,
} from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Name } from '../rewrite/name.ts'
import type { Output } from './output.ts'

/**
 * What a manifest's digest covers of each asset: its path, name and content, and no encoder setting.
 *
 * @param names in order of path
 */
export function manifestDigest(names: Iterable<readonly [LogicalPath, Name]>, digester: Digester): Digest {
  const fields: string[] = []
  for (const [path, { file, fingerprint }] of names) fields.push(path, file, fingerprint.digest)
  return digester.ofFields(fields)
}

/** The manifest of these assets. */
export function createManifest(
  assets: ReadonlyMap<LogicalPath, ManifestAsset>,
  url: string,
  digest: Digest,
  importMap: ImportMapNames,
): Manifest {
  const manifest = { version: MANIFEST_VERSION, url, digest, assets } as const
  return importMap.size === 0 ? manifest : { ...manifest, importMap }
}

/** Puts the build with this manifest in force, as the very last write. Does nothing if it is already. @returns files written */
export async function publishManifest(bytes: Buffer, storage: Storage, output: Output): Promise<number> {
  // A writer may have retracted promises meanwhile, so the bytes are compared with what is there now.
  const isAsLong = output.sizes.get(MANIFEST_FILE) === bytes.length
  if (isAsLong && bytes.equals(await storage.read(MANIFEST_FILE))) return 0
  await storage.save(MANIFEST_FILE, bytes, { overwrite: true })
  return 1
}
