import { type Digest, type Digester, integrityOf } from '../../core/digest.ts'

/** What tells some bytes from all others. */
export interface Fingerprint {
  /** XXH64: for names and ETags. */
  readonly digest: Digest
  /** `sha384-…`: for browsers, and the key of everything that is remembered about these bytes. */
  readonly integrity: string
  /** Bytes. */
  readonly size: number
}

/** Reads bytes once, so to say: everything that is ever asked about them. */
export function fingerprintOf(bytes: Uint8Array, digester: Digester): Fingerprint {
  return { digest: digester.of(bytes), integrity: integrityOf(bytes), size: bytes.length }
}
