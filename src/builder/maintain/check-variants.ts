import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { Digester } from '../../core/digest.ts'
import { ENCODINGS, type Encoding, variantPath } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import type { ManifestAsset, ManifestVariant } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Storage } from '../../storage/storage.ts'
import type { RecipesFor } from '../compress/compression-rule.ts'
import type { Encoder } from '../compress/encoder.ts'
import type { CheckFault } from '../report.ts'

/** What looking at siblings needs. */
export interface SiblingContext {
  readonly storage: Storage
  readonly digester: Digester
  readonly recipesFor: RecipesFor
  readonly encoder: Encoder
  readonly repair: 'nothing' | 'siblings'
}

/** Looks at every encoding of an asset, and mends what can be mended if that is asked for. */
export async function checkSiblings(
  path: LogicalPath,
  asset: ManifestAsset,
  bytes: Buffer,
  context: SiblingContext,
) {
  const faults: CheckFault[] = []
  const repaired: string[] = []
  let files = 0
  let total = 0
  for (const encoding of ENCODINGS) {
    const promised = asset.encodings[encoding]
    if (promised === undefined) continue
    const file = variantPath(asset.file, encoding)
    const sibling = await readIfThere(context.storage, file)
    files += sibling === undefined ? 0 : 1
    total += sibling?.length ?? 0
    const found = await checkSibling(sibling, promised, encoding, bytes, context.digester)
    if (found === undefined) continue
    if (await repairSibling(path, { file, encoding, promised, bytes }, context)) repaired.push(file)
    else faults.push(createFault(found.kind, path, file, found.message))
  }
  return { faults, repaired, files, bytes: total }
}

/** What is wrong with a sibling; undefined for nothing. */
async function checkSibling(
  sibling: Buffer | undefined,
  { size, etag }: ManifestVariant,
  encoding: Encoding,
  bytes: Buffer,
  digester: Digester,
): Promise<Pick<CheckFault, 'kind' | 'message'> | undefined> {
  if (sibling === undefined) return { kind: 'missing', message: 'is not there' }
  if (sibling.length !== size)
    return { kind: 'size', message: `has ${sibling.length} bytes instead of ${size}` }
  if (digester.of(sibling) !== etag) return { kind: 'digest', message: 'has other bytes than were built' }
  const decoded = await decode(sibling, encoding)
  if (decoded === 'unknown' || decoded?.equals(bytes)) return undefined
  return { kind: 'encoding', message: decoded === undefined ? `is no ${encoding}` : 'decodes to other bytes' }
}

interface BrokenSibling {
  readonly file: string
  readonly encoding: Encoding
  readonly promised: ManifestVariant
  /** The identity. */
  readonly bytes: Buffer
}

/** Only what comes out exactly as promised is a repair; another encoder's bytes would break the manifest. */
async function repairSibling(
  path: LogicalPath,
  { file, encoding, promised, bytes }: BrokenSibling,
  { repair, recipesFor, encoder, storage, digester }: SiblingContext,
): Promise<boolean> {
  if (repair === 'nothing') return false
  const recipe = recipesFor(path).find((each) => each.encoding === encoding)
  if (recipe === undefined) return false
  const made = await encoder.encode(bytes, recipe)
  if (digester.of(made) !== promised.etag) return false
  await storage.save(file, made, { overwrite: true })
  return true
}

const DECODERS = {
  br: promisify(zlib.brotliDecompress),
  gzip: promisify(zlib.gunzip),
  zstd: zstdDecoder(),
}

/** The decoded bytes; undefined for what can't be decoded, `unknown` where this runtime lacks the decoder. */
async function decode(bytes: Buffer, encoding: Encoding): Promise<Buffer | undefined | 'unknown'> {
  const decoder = DECODERS[encoding]
  if (decoder === undefined) return 'unknown'
  try {
    return await decoder(bytes)
  } catch {
    return undefined
  }
}

function zstdDecoder(): ((bytes: Buffer) => Promise<Buffer>) | undefined {
  const decompress: unknown = Reflect.get(zlib, 'zstdDecompress')
  return typeof decompress === 'function' ? promisify(decompress as typeof zlib.gunzip) : undefined
}

/** One fault; the message begins with the file. */
export function createFault(
  kind: CheckFault['kind'],
  path: LogicalPath,
  file: string,
  message: string,
): CheckFault {
  return { kind, path, file, message: `${file} ${message}.` }
}

/** All bytes of a file; undefined if it isn't there. */
export async function readIfThere(storage: Storage, key: string): Promise<Buffer | undefined> {
  try {
    return await storage.read(key)
  } catch (error) {
    if (error instanceof FingerpostError && error.code === 'FP_NOT_FOUND') return undefined
    throw error
  }
}
