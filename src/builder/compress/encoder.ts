import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { Encoding } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'

/** How one sibling is made. */
export interface Recipe {
  readonly encoding: Encoding
  readonly quality: number
}

/** Compresses. */
export interface Encoder {
  /**
   * The encoded bytes: the same for the same input wherever {@link Encoder.versionOf} is the same.
   */
  encode(bytes: Buffer, recipe: Recipe): Promise<Buffer>
  /** Names the implementation and everything else, besides the input, that can alter the bytes. Part of cache keys. */
  versionOf(recipe: Recipe): string
  /** Ends worker threads, if there are any. */
  close(): Promise<void>
}

/** The encoder the options ask for; brotli-wasm also where the runtime was built without brotli. */
export async function createEncoder({ brotli }: EncoderOptions): Promise<Encoder> {
  const native = createNativeEncoder()
  if (brotli === 'native' && typeof zlib.brotliCompress === 'function') return native
  const { createWasmEncoder } = await import('./wasm-encoder.ts')
  return createWasmEncoder(native)
}

/** What an encoder is chosen by. */
export interface EncoderOptions {
  readonly brotli: 'native' | 'wasm'
}

/** False for an encoding this runtime has no encoder for: zstd before Node 22.15. */
export function canEncode(encoding: Encoding): boolean {
  return encoding !== 'zstd' || zstdCompress !== undefined
}

/** The runtime's own compressors: asynchronous, on the thread pool, on all cores. */
function createNativeEncoder(): Encoder {
  return {
    async encode(bytes, { encoding, quality }) {
      switch (encoding) {
        case 'br':
          return brotli(bytes, quality)
        case 'gzip':
          return nameless(await gzip(bytes, { level: quality, chunkSize: chunkSizeFor(bytes) }))
        case 'zstd':
          return zstd(bytes, quality)
      }
    },
    versionOf: ({ encoding, quality }) => `${encoding} ${quality} ${implementationOf(encoding)}`,
    close: async () => undefined,
  }
}

const brotliCompress = promisify(zlib.brotliCompress)
const gzip = promisify(zlib.gzip)

/** The types of the oldest supported Node don't know zstd. */
interface Zstd {
  zstdCompress?(
    bytes: Buffer,
    options: { readonly params: Readonly<Record<number, number>>; readonly chunkSize: number },
    done: (error: Error | null, result: Buffer) => void,
  ): void
}

const { zstdCompress } = zlib as Zstd

const ZSTD_COMPRESSION_LEVEL = 100 // ZSTD_c_compressionLevel, zstd.h

function brotli(bytes: Buffer, quality: number): Promise<Buffer> {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, BROTLI_PARAM_LGWIN } = zlib.constants
  const params = {
    [BROTLI_PARAM_QUALITY]: quality,
    [BROTLI_PARAM_SIZE_HINT]: bytes.length,
    [BROTLI_PARAM_LGWIN]: windowBitsFor(bytes),
  }
  return brotliCompress(bytes, { params, chunkSize: chunkSizeFor(bytes) })
}

/**
 * A window as large as the file finds all that a larger one would, and takes memory by its size: 22 bits 85 MB. (The
 * same bytes in all for 60 KB to 2 MB of JavaScript, in 1 to 3 % less time.)
 */
function windowBitsFor({ length }: Buffer): number {
  // The window is 16 bytes smaller than its power of two (RFC 7932 §9.1).
  return Math.min(22, Math.max(16, Math.ceil(Math.log2(length + 16))))
}

async function zstd(bytes: Buffer, quality: number): Promise<Buffer> {
  if (zstdCompress === undefined) throw new FingerpostError('FP_ENCODING', 'This runtime has no zstd.')
  const options = { params: { [ZSTD_COMPRESSION_LEVEL]: quality }, chunkSize: chunkSizeFor(bytes) }
  return new Promise((resolve, reject) => {
    zstdCompress(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)))
  })
}

/** Each chunk of output is a round trip through the event loop: few for big files, and little memory for small ones. */
function chunkSizeFor(bytes: Buffer): number {
  return Math.min(Math.max(1024, bytes.length >> 1), 1024 * 1024)
}

/** The header's last byte tells the operating system (RFC 1952 §2.3.1); 255, "unknown", is the same everywhere. */
function nameless(gzipped: Buffer): Buffer {
  gzipped[9] = 255
  return gzipped
}

function implementationOf(encoding: Encoding): string {
  const { versions, arch } = process
  // The zlib in Node chooses its match finder by processor, so the bytes may differ between architectures.
  if (encoding === 'gzip') return `zlib ${versions.zlib} ${arch}`
  return encoding === 'br' ? `brotli ${versions['brotli']} fitted` : `zstd ${versions['zstd']}`
}
