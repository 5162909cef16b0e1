import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { Digester } from '../../core/digest.ts'
import {
  type ContentCoding,
  DELTA_ENCODINGS,
  ENCODINGS,
  type Encoding,
  variantPath,
} from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { type Delta, deltaPath } from '../../core/manifest/dictionaries.ts'
import type { RetiredAsset } from '../../core/manifest/history.ts'
import type { ManifestAsset, ManifestVariant } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Storage } from '../../storage/storage.ts'
import type { RulesFor } from '../compress/compression-rule.ts'
import { decodeDelta } from '../compress/delta.ts'
import type { Encoder, VariantRule } from '../compress/encoder.ts'
import type { CheckFault } from '../report.ts'

/** The result for one asset, or for its precompressed files. */
export interface CheckFinding {
  readonly faults: readonly CheckFault[]
  readonly repaired: readonly string[]
  /** Files read, and their bytes. */
  readonly files: number
  readonly bytes: number
}

/** What checking precompressed files needs. */
export interface VariantCheckContext {
  readonly storage: Storage
  readonly digester: Digester
  readonly rulesFor: RulesFor
  readonly encoder: Encoder
  /** Deltas by the hashed path of their file. */
  readonly deltas: ReadonlyMap<string, readonly Delta[]>
  /** Earlier contents by their ETag. */
  readonly retired: ReadonlyMap<string, RetiredAsset>
  readonly repair: 'nothing' | 'variants'
}

/** Checks every precompressed file and delta of an asset, and repairs what it can if told to. */
export async function checkVariants(
  path: LogicalPath,
  asset: ManifestAsset,
  identity: Buffer,
  context: VariantCheckContext,
): Promise<CheckFinding> {
  const faults: CheckFault[] = []
  const repaired: string[] = []
  let files = 0
  let bytes = 0
  for (const variant of [...listEncoded(path, asset, context), ...(await listDeltas(asset, context))]) {
    const { file } = variant
    const present = await readIfPresent(context.storage, file)
    files += present === undefined ? 0 : 1
    bytes += present?.length ?? 0
    const found = await checkVariant(present, variant, identity, context.digester)
    if (found === undefined) continue
    if (await repairVariant(variant, identity, context)) repaired.push(file)
    else faults.push(createFault(found.kind, path, file, found.message))
  }
  return { faults, repaired, files, bytes }
}

/** A file that decodes to an asset. */
interface PromisedVariant {
  readonly file: string
  readonly encoding: ContentCoding
  readonly promised: ManifestVariant
  /** How to make it again; undefined if that is unknown. */
  readonly rule: VariantRule | undefined
  /** Undefined for what can't be decoded, `unknown` if this runtime lacks the decoder. */
  readonly decode: (bytes: Buffer) => Promise<Buffer | undefined | 'unknown'>
}

function listEncoded(
  path: LogicalPath,
  { file, encodings }: ManifestAsset,
  { rulesFor }: VariantCheckContext,
): readonly PromisedVariant[] {
  return ENCODINGS.flatMap((encoding) => {
    const promised = encodings[encoding]
    if (promised === undefined) return []
    const rule = rulesFor(path).find((each) => each.encoding === encoding)
    const variant = { file: variantPath(file, encoding), encoding, promised, rule }
    return [{ ...variant, decode: (bytes: Buffer) => decode(bytes, encoding) }]
  })
}

/** The content a delta is from may be gone: then only its size and digest are known. */
async function listDeltas(
  { file, etag }: ManifestAsset,
  { deltas, retired, storage }: VariantCheckContext,
): Promise<readonly PromisedVariant[]> {
  const promised: PromisedVariant[] = []
  for (const delta of deltas.get(file) ?? []) {
    if (delta.to !== etag) continue
    const old = retired.get(delta.from)
    const dictionary = old && (await readIfPresent(storage, old.file))
    for (const encoding of DELTA_ENCODINGS) {
      const variant = delta.encodings[encoding]
      if (variant === undefined) continue
      const source = old &&
        dictionary && {
          ...{ digest: old.etag, integrity: old.integrity, size: old.size },
          bytes: async () => dictionary,
        }
      promised.push({
        ...{ file: deltaPath(delta, encoding), encoding, promised: variant },
        rule: source && { encoding, dictionary: source, maxBytes: Number.POSITIVE_INFINITY },
        decode: async (bytes) =>
          dictionary === undefined ? 'unknown' : decodeDelta(bytes, encoding, dictionary),
      })
    }
  }
  return promised
}

/** What is wrong; undefined for nothing. */
async function checkVariant(
  present: Buffer | undefined,
  { promised: { size, etag }, encoding, decode }: PromisedVariant,
  identity: Buffer,
  digester: Digester,
): Promise<Pick<CheckFault, 'kind' | 'message'> | undefined> {
  if (present === undefined) return { kind: 'missing', message: 'is missing' }
  if (present.length !== size)
    return { kind: 'size', message: `has ${present.length} bytes instead of ${size}` }
  if (digester.of(present) !== etag) return { kind: 'digest', message: 'has other bytes than were built' }
  const decoded = await decode(present)
  if (decoded === 'unknown' || decoded?.equals(identity)) return undefined
  return {
    kind: 'encoding',
    message: decoded === undefined ? `is not valid ${encoding}` : 'decodes to other bytes',
  }
}

/** Only exactly the promised bytes are a repair: those of another encoder would contradict the manifest. */
async function repairVariant(
  { file, promised, rule }: PromisedVariant,
  identity: Buffer,
  { repair, encoder, storage, digester }: VariantCheckContext,
): Promise<boolean> {
  if (repair === 'nothing' || rule === undefined) return false
  const made = await encoder.encode(identity, rule)
  if (digester.of(made) !== promised.etag) return false
  await storage.save(file, made, { overwrite: true })
  return true
}

const DECODERS = {
  br: promisify(zlib.brotliDecompress),
  gzip: promisify(zlib.gunzip),
  zstd: zstdDecoder(),
}

/** Undefined for what can't be decoded, `unknown` if this runtime lacks the decoder. */
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

/** A fault whose message begins with the file. */
export function createFault(
  kind: CheckFault['kind'],
  path: LogicalPath,
  file: string,
  message: string,
): CheckFault {
  return { kind, path, file, message: `${file} ${message}.` }
}

/** All bytes of a file; undefined if it is missing. */
export async function readIfPresent(storage: Storage, key: string): Promise<Buffer | undefined> {
  try {
    return await storage.read(key)
  } catch (error) {
    if (error instanceof FingerpostError && error.code === 'FP_NOT_FOUND') return undefined
    throw error
  }
}
