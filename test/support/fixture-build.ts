import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { createDigester, type Digester, integrityOf } from '../../src/core/digest.ts'
import type { Encoding } from '../../src/core/encoding.ts'
import { variantPath } from '../../src/core/encoding.ts'
import { formatHashedPath } from '../../src/core/hashed-path.ts'
import { formatManifest } from '../../src/core/manifest/format.ts'
import {
  MANIFEST_FILE,
  type Manifest,
  type ManifestAsset,
  type ManifestReference,
} from '../../src/core/manifest/manifest.ts'
import { isCompressible, mediaType } from '../../src/core/media-type.ts'
import { makeTree, type Scope } from './tree.ts'

/** Files by logical path. */
export type Files = Readonly<Record<string, string | Uint8Array>>

export interface FixtureOptions {
  readonly url?: string
  /** References by the logical path they stand in. */
  readonly references?: Readonly<Record<string, readonly ManifestReference[]>>
}

/** A folder as a build leaves it, made in milliseconds: nothing is rewritten, compression is quick. */
export async function makeBuild(scope: Scope, files: Files, options: FixtureOptions = {}): Promise<string> {
  const root = makeTree(scope)
  await writeBuild(root, files, options)
  return root
}

/** Writes a build over whatever is in the folder; the manifest last. */
export async function writeBuild(
  root: string,
  files: Files,
  options: FixtureOptions = {},
): Promise<Manifest> {
  const digester = await createDigester()
  const assets = new Map<string, ManifestAsset>()
  for (const path of Object.keys(files).sort()) {
    const bytes = Buffer.from(files[path] ?? '')
    assets.set(path, writeAsset(root, path, bytes, digester, options.references?.[path] ?? []))
  }
  const digest = digester.ofFields([...assets.values()].map((asset) => asset.file))
  const manifest: Manifest = { version: 1, url: options.url ?? '/static/', digest, assets }
  const temporary = join(root, `${MANIFEST_FILE}.tmp`)
  writeFileSync(temporary, formatManifest(manifest))
  renameSync(temporary, join(root, MANIFEST_FILE))
  return manifest
}

function writeAsset(
  root: string,
  path: string,
  bytes: Buffer,
  digester: Digester,
  references: readonly ManifestReference[],
): ManifestAsset {
  const etag = digester.of(bytes)
  const file = formatHashedPath({ path, digest: etag })
  write(root, file, bytes)
  const encodings: Partial<Record<Encoding, { size: number; etag: string }>> = {}
  for (const [encoding, encoded] of isCompressible(path) ? encode(bytes) : []) {
    if (encoded.length >= bytes.length) continue
    write(root, variantPath(file, encoding), encoded)
    encodings[encoding] = { size: encoded.length, etag: digester.of(encoded) }
  }
  const integrity = integrityOf(bytes)
  return { file, type: mediaType(path), size: bytes.length, etag, integrity, encodings, references }
}

function encode(bytes: Buffer): readonly (readonly [Encoding, Buffer])[] {
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
  return [
    ['br', brotli],
    ['gzip', gzipSync(bytes)],
  ]
}

/** What is there already stays as it is: a server may be reading it. */
function write(root: string, path: string, bytes: Buffer): void {
  if (existsSync(join(root, path)) && readFileSync(join(root, path)).equals(bytes)) return
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), bytes)
}
