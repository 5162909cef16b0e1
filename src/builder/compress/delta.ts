import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { Tinypool } from 'tinypool'
import type { Digest, Fingerprint } from '../../core/digest.ts'
import type { DeltaEncoding } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'

/** How a file is compressed against an earlier content of it (RFC 9842). */
export interface DeltaRule {
  readonly encoding: DeltaEncoding
  readonly dictionary: DeltaSource
  /** A larger result isn't worth a file. */
  readonly maxBytes: number
}

/** An earlier content of a file. */
export interface DeltaSource extends Fingerprint {
  readonly bytes: () => Promise<Buffer>
}

/** Makes deltas. */
export interface DeltaEncoder {
  /**
   * The whole delta, header included, decoded and compared: a valid delta of other content would be cached as immutable.
   *
   * @throws FingerpostError `FP_ENCODING` if it decodes to other bytes
   */
  encode(bytes: Buffer, rule: DeltaRule): Promise<Buffer>
  close(): Promise<void>
}

/** What precedes the SHA-256 of the dictionary (RFC 9842 §4 and §5). */
const MAGIC: Readonly<Record<DeltaEncoding, Buffer>> = {
  dcb: Buffer.from('ff444342', 'hex'),
  dcz: Buffer.from('5e2a4d1820000000', 'hex'),
}

const METHODS = {
  dcb: { encode: 'brotliCompress', decode: 'brotliDecompress' },
  dcz: { encode: 'zstdCompress', decode: 'zstdDecompress' },
} as const

/** The same relative path in the sources and in the package. */
const WORKER = new URL('./delta-worker.js', import.meta.url).href

/** The types of the oldest supported Node know neither zstd nor dictionaries. */
interface DeltaOptions {
  readonly pledgedSrcSize?: number
  readonly dictionary: Uint8Array
  readonly params?: Readonly<Record<number, number>>
}

export function createDeltaEncoder(): DeltaEncoder {
  let pool: Promise<Tinypool> | undefined
  const run = async (method: string, bytes: Buffer, options: DeltaOptions): Promise<Uint8Array> => {
    if (options.dictionary.length <= LIMITS.deltaInlineMaxBytes)
      return promisify(functionOf(method))(bytes, options)
    pool ??= import('tinypool').then(({ Tinypool }) => new Tinypool({ filename: WORKER, minThreads: 0 }))
    return (await pool).run({ method: `${method}Sync`, bytes, options })
  }
  return {
    async encode(bytes, rule) {
      const { encoding } = rule
      const dictionary = await rule.dictionary.bytes()
      const params = paramsOf(encoding, bytes.length, dictionary.length)
      const { encode, decode } = METHODS[encoding]
      // As for zstd: some versions of Node write the size into the frame only if told.
      const options = { dictionary, params, pledgedSrcSize: bytes.length }
      const body = Buffer.from(await run(encode, bytes, options))
      const decoded = await run(decode, body, { dictionary })
      if (!bytes.equals(decoded)) throw wrongDelta(encoding)
      return Buffer.concat([headerOf(encoding, dictionary), body])
    },
    async close() {
      await (await pool)?.destroy()
    },
  }
}

/**
 * Whether this runtime can compress with a dictionary: older ones ignore it in silence. Brotli takes one from Node 24.15,
 * zstd from 22.19 and 24.6.
 */
export function canMakeDeltas(encoding: DeltaEncoding): boolean {
  const method = `${METHODS[encoding].encode}Sync`
  if (!(method in zlib)) return false
  // Without its dictionary, nothing of this can be compressed.
  const noise = Buffer.concat([0, 1, 2, 3].map((part) => sha256(Buffer.of(part))))
  const compress = Reflect.get(zlib, method) as (bytes: Buffer, options: DeltaOptions) => Buffer
  return compress(noise, { dictionary: noise }).length < noise.length / 2
}

/** Undefined for what can't be decoded, `unknown` if this runtime lacks the decoder. */
export async function decodeDelta(
  bytes: Buffer,
  encoding: DeltaEncoding,
  dictionary: Buffer,
): Promise<Buffer | undefined | 'unknown'> {
  if (!canMakeDeltas(encoding)) return 'unknown'
  const header = headerOf(encoding, dictionary)
  if (!bytes.subarray(0, header.length).equals(header)) return undefined
  const decode = promisify(functionOf(METHODS[encoding].decode))
  return decode(bytes.subarray(header.length), { dictionary }).catch(() => undefined)
}

/** Of zstd.h. */
const ZSTD = { compressionLevel: 100, windowLog: 101, enableLongDistanceMatching: 160, disable: 2 } as const

/** The settings of an encoder for a file and a dictionary of so many bytes. */
export function paramsOf(
  encoding: DeltaEncoding,
  size: number,
  dictionarySize: number,
): Readonly<Record<number, number>> {
  if (encoding === 'dcb') {
    const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, BROTLI_PARAM_LGWIN } = zlib.constants
    return {
      [BROTLI_PARAM_QUALITY]: size + dictionarySize > LIMITS.deltaBestQualityMaxBytes ? 9 : 11,
      [BROTLI_PARAM_SIZE_HINT]: size,
      [BROTLI_PARAM_LGWIN]: Math.min(24, Math.max(16, Math.ceil(Math.log2(size + 16)))),
    }
  }
  // Chromium refuses a larger window (RFC 9842 §5).
  const largest = Math.floor(Math.log2(Math.max(8 * 1024 * 1024, 1.25 * dictionarySize)))
  return {
    [ZSTD.compressionLevel]: 19,
    [ZSTD.windowLog]: Math.min(Math.max(10, Math.ceil(Math.log2(dictionarySize + size))), largest),
    [ZSTD.enableLongDistanceMatching]: ZSTD.disable,
  }
}

function headerOf(encoding: DeltaEncoding, dictionary: Buffer): Buffer {
  return Buffer.concat([MAGIC[encoding], sha256(dictionary)])
}

/** Zstandard takes what begins like this for a trained dictionary (RFC 8878 §6). */
export function isTrained(bytes: Uint8Array): boolean {
  return bytes[0] === 0x37 && bytes[1] === 0xa4 && bytes[2] === 0x30 && bytes[3] === 0xec
}

/** SHA-256, as deltas and `Available-Dictionary` name dictionaries. */
export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** Everything besides the file that can change a delta. */
export function versionOfDelta({ encoding, dictionary, maxBytes }: DeltaRule): Digest {
  const { versions } = process
  const library = encoding === 'dcb' ? `brotli ${versions['brotli']}` : `zstd ${versions['zstd']}`
  return `${encoding} ${library} of ${dictionary.integrity} below ${maxBytes}`
}

type Method = (
  bytes: Uint8Array,
  options: DeltaOptions,
  done: (error: Error | null, result: Buffer) => void,
) => void

function functionOf(method: string): Method {
  return Reflect.get(zlib, method) as Method
}

function wrongDelta(encoding: DeltaEncoding): FingerpostError {
  return new FingerpostError(
    'FP_ENCODING',
    `Node ${process.versions.node} made a wrong delta (${encoding}).`,
    {
      remedy: 'Nothing was published. Build with dictionaries: false, or with another version of Node.',
      details: { encoding },
    },
  )
}
