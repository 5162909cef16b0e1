import type { Fingerprint } from '../../core/digest.ts'
import { LIMITS } from '../../core/limit.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { RulesFor } from './compression-rule.ts'
import type { VariantMaker } from './variant.ts'

/**
 * Starts to compress files that are in memory anyway, while others are still being scanned or named, and keeps their
 * bytes, within a limit, so that they need not be read again. It writes nothing. Results go by content: compressing a
 * file that is rewritten after all is wasted, but harmless.
 */
export interface EagerCompression {
  /** Offers source bytes. Large files wait until all references are known to be right: an encoder can't be stopped. */
  offer(path: LogicalPath, fingerprint: Fingerprint, bytes: Buffer): void
  /** Offers final bytes, of a build without errors. */
  offerFinal(path: LogicalPath, fingerprint: Fingerprint, bytes: Buffer): void
  /** The bytes of an offered file, if they were kept. They are forgotten with this call. */
  takeBytes(fingerprint: Fingerprint): Buffer | undefined
}

export function createEagerCompression(variants: VariantMaker, rulesFor: RulesFor): EagerCompression {
  const held = new Map<string, Buffer>()
  let heldBytes = 0
  const offerFinal = (path: LogicalPath, fingerprint: Fingerprint, bytes: Buffer) => {
    const { integrity, size } = fingerprint
    if (heldBytes + size > LIMITS.eagerMaxBytes) return
    if (!held.has(integrity)) heldBytes += size
    held.set(integrity, bytes)
    for (const rule of rulesFor(path)) variants.begin(fingerprint, rule, bytes)
  }
  return {
    offerFinal,
    offer(path, fingerprint, bytes) {
      if (fingerprint.size <= LIMITS.eagerMaxFileBytes) offerFinal(path, fingerprint, bytes)
    },
    takeBytes({ integrity, size }) {
      const bytes = held.get(integrity)
      if (held.delete(integrity)) heldBytes -= size
      return bytes
    },
  }
}
