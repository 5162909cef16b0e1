import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { Encoding } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import type { CompressionRule } from './compression-rule.ts'
import { createDeltaEncoder, type DeltaRule, versionOfDelta } from './delta.ts'

/** How one variant is made. */
export type VariantRule = CompressionRule | DeltaRule

/** Compresses. */
export interface Encoder {
  /** The same bytes for the same input wherever {@link Encoder.versionOf} is the same. */
  encode(bytes: Buffer, rule: VariantRule): Promise<Buffer>
  /** Names the implementation and everything besides the input that can change the output. Part of cache keys. */
  versionOf(rule: VariantRule): string
  /** Ends worker threads. */
  close(): Promise<void>
}

/** The encoder of the option `brotli`; brotli-wasm also where Node was built without brotli. */
export async function createEncoder({ brotli }: { readonly brotli: 'native' | 'wasm' }): Promise<Encoder> {
  const native = createNativeEncoder()
  if (brotli === 'native' && typeof zlib.brotliCompress === 'function') return native
  const { createWasmEncoder } = await import('./wasm-encoder.ts')
  return createWasmEncoder(native)
}

/** The compressors of Node: asynchronous, on the thread pool. */
function createNativeEncoder(): Encoder {
  const deltas = createDeltaEncoder()
  return {
    async encode(bytes, rule) {
      if ('dictionary' in rule) return deltas.encode(bytes, rule)
      const { encoding, quality } = rule
      switch (encoding) {
        case 'br':
          return compressBrotli(bytes, quality)
        case 'gzip':
          return withoutSystem(await compressGzip(bytes, { level: quality, chunkSize: chunkSizeFor(bytes) }))
        case 'zstd':
          return compressZstd(bytes, quality)
      }
    },
    versionOf(rule) {
      if ('dictionary' in rule) return versionOfDelta(rule)
      return `${rule.encoding} ${rule.quality} ${implementationOf(rule.encoding)}`
    },
    close: () => deltas.close(),
  }
}

const brotliCompress = promisify(zlib.brotliCompress)
const compressGzip = promisify(zlib.gzip)

function compressBrotli(bytes: Buffer, quality: number): Promise<Buffer> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, BROTLI_PARAM_LGWIN } = zlib.constants
  const params = {
    [BROTLI_PARAM_QUALITY]: quality,
    [BROTLI_PARAM_SIZE_HINT]: bytes.length,
    [BROTLI_PARAM_LGWIN]: windowBitsFor(bytes),
  }
  return brotliCompress(bytes, { params, chunkSize: chunkSizeFor(bytes) })
}

/** A window as large as the file finds all that a larger one would. Memory grows with it: 22 bits take 85 MB. */
function windowBitsFor({ length }: Buffer): number {
  // The window is 16 bytes smaller than its power of two (RFC 7932 §9.1).
  return Math.min(22, Math.max(16, Math.ceil(Math.log2(length + 16))))
}

/** The types of the oldest supported Node don't know zstd. */
interface Zstd {
  zstdCompress?(
    bytes: Buffer,
    options: {
      readonly params: Readonly<Record<number, number>>
      readonly chunkSize: number
      readonly pledgedSrcSize: number
    },
    done: (error: Error | null, result: Buffer) => void,
  ): void
}

const ZSTD_COMPRESSION_LEVEL = 100 // ZSTD_c_compressionLevel, zstd.h

async function compressZstd(bytes: Buffer, quality: number): Promise<Buffer> {
  const { zstdCompress } = zlib as Zstd
  if (zstdCompress === undefined) throw new FingerpostError('FP_ENCODING', 'This Node has no zstd.')
  const options = {
    params: { [ZSTD_COMPRESSION_LEVEL]: quality },
    chunkSize: chunkSizeFor(bytes),
    // Unless told, some versions of Node write the size into the frame and some don't.
    pledgedSrcSize: bytes.length,
  }
  return new Promise((resolve, reject) => {
    zstdCompress(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

/** Each chunk of output is a round trip through the event loop: few for large files, little memory for small ones. */
function chunkSizeFor(bytes: Buffer): number {
  return Math.min(Math.max(1024, bytes.length >> 1), 1024 * 1024)
}

/** Replaces the operating system in the header (RFC 1952 §2.3.1) by 255, "unknown", which is the same everywhere. */
function withoutSystem(gzipped: Buffer): Buffer {
  gzipped[9] = 255
  return gzipped
}

function implementationOf(encoding: Encoding): string {
  const { versions, arch } = process
  // The zlib in Node chooses its match finder by processor, so bytes may differ between architectures.
  if (encoding === 'gzip') return `zlib ${versions.zlib} ${arch}`
  return encoding === 'br' ? `brotli ${versions['brotli']} fitted` : `zstd ${versions['zstd']}`
}
