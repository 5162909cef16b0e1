import { createHash } from 'node:crypto'
import createXxhash from 'xxhash-wasm'

/** 64 bits of XXH64 as 16 lower-case hex digits. */
export type Digest = string

/** Makes digests. */
export interface Digester {
  /** The digest of these bytes. */
  of(bytes: Uint8Array): Digest
  /**
   * The digest of a list of fields, each after its length (8 bytes, little-endian), so that `['ab', 'c']` and
   * `['a', 'bc']` differ.
   */
  ofFields(fields: readonly (string | Uint8Array)[]): Digest
  /** A digest of bytes that arrive in pieces. */
  stream(): DigestStream
}

export interface DigestStream {
  update(bytes: Uint8Array): void
  digest(): Digest
}

/** Bytes hashed at once. */
const PIECE_BYTES = 256 * 1024

/** Starts the hash, which is WebAssembly (about a millisecond). */
export async function createDigester(): Promise<Digester> {
  const { create64 } = await createXxhash()
  const hex = (value: bigint) => value.toString(16).padStart(16, '0')
  const of = (bytes: Uint8Array) => {
    const hash = create64()
    // In pieces: WebAssembly keeps as much memory as the longest piece needed.
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) hash.update(bytes.subarray(at, at + PIECE_BYTES))
    return hex(hash.digest())
  }

  return {
    of,
    // In one buffer: a call into WebAssembly costs far more than a short field.
    ofFields: (fields) => of(joinFields(fields)),
    stream() {
      const hash = create64()
      return { update: (bytes) => void hash.update(bytes), digest: () => hex(hash.digest()) }
    },
  }
}

/** Subresource integrity of these bytes: `sha384-` and base64 (W3C SRI §3.1). */
export function integrityOf(bytes: Uint8Array): string {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`
}

/** The identity of some bytes. */
export interface Fingerprint {
  /** XXH64: for names and ETags. */
  readonly digest: Digest
  /** `sha384-…`: for browsers, and the key of everything that is cached about these bytes. */
  readonly integrity: string
  /** Bytes. */
  readonly size: number
}

export function fingerprintOf(bytes: Uint8Array, digester: Digester): Fingerprint {
  return { digest: digester.of(bytes), integrity: integrityOf(bytes), size: bytes.length }
}

const LENGTH_BYTES = 8

function joinFields(fields: readonly (string | Uint8Array)[]): Buffer {
  const sizes = fields.map((field) => (typeof field === 'string' ? Buffer.byteLength(field) : field.length))
  const joined = Buffer.alloc(sizes.reduce((sum, size) => sum + LENGTH_BYTES + size, 0))
  let at = 0
  fields.forEach((field, index) => {
    const size = sizes[index] ?? 0
    // Node writes six bytes at most; the other two stay zero.
    joined.writeUIntLE(size, at, 6)
    at += LENGTH_BYTES
    if (typeof field === 'string') joined.write(field, at)
    else joined.set(field, at)
    at += size
  })
  return joined
}
