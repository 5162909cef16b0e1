import { createHash } from 'node:crypto'
import createXxhash from 'xxhash-wasm'

/** 64 bits of XXH64 as 16 lower-case hex digits. */
export type Digest = string

/** Makes digests. Obtained from {@link createDigester}, because the hash is WebAssembly and starts asynchronously. */
export interface Digester {
  /** The digest of these bytes. */
  of(bytes: Uint8Array): Digest
  /**
   * The digest of a list of fields, each preceded by its length (8 bytes, little-endian), so that no two different
   * lists share their bytes: `['ab', 'c']` and `['a', 'bc']` differ.
   */
  ofFields(fields: readonly (string | Uint8Array)[]): Digest
  /** A digest of bytes that arrive in pieces. */
  stream(): DigestStream
}

/** A digest under way. */
export interface DigestStream {
  update(bytes: Uint8Array): void
  digest(): Digest
}

/** Bytes hashed at once. */
const PIECE_BYTES = 256 * 1024

/** Starts the hash (about a millisecond, once per process and call). */
export async function createDigester(): Promise<Digester> {
  const { create64 } = await createXxhash()
  const hex = (value: bigint) => value.toString(16).padStart(16, '0')

  return {
    of(bytes) {
      const hash = create64()
      // In pieces: WebAssembly keeps as much memory as the longest it was ever given at once.
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) hash.update(bytes.subarray(at, at + PIECE_BYTES))
      return hex(hash.digest())
    },
    ofFields(fields) {
      const pieces = fields.flatMap((field) => {
        const bytes = typeof field === 'string' ? Buffer.from(field) : field
        return [lengthPrefix(bytes), bytes]
      })
      // At once: each call into WebAssembly costs more than hashing a short field.
      return hex(create64().update(Buffer.concat(pieces)).digest())
    },
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

function lengthPrefix(bytes: Uint8Array): Uint8Array {
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(BigInt(bytes.length))
  return prefix
}
