import { LIMITS } from '../../core/limit.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Fingerprint } from '../read/fingerprint.ts'
import type { RecipesFor } from './compression-rule.ts'
import type { VariantMaker } from './variant.ts'

/**
 * Begins the siblings of files that will leave as they came, while others are still being read and scanned, and of
 * those that are rewritten while others are still being named; it keeps their bytes so that they need not be read or
 * rewritten again. It writes nothing, and all it does goes by content: where a file
 * turns out to be rewritten after all, what was begun for its old bytes is of no use and no harm.
 */
export interface HeadStart {
  /** Takes a file's bytes, or lets them go if it has enough of them or the file is large. */
  offer(path: LogicalPath, fingerprint: Fingerprint, bytes: Buffer): void
  /** The same for bytes that are final, of a build that nothing is wrong with: they may be as large as there is room. */
  offerFinal(path: LogicalPath, fingerprint: Fingerprint, bytes: Buffer): void
  /** The bytes of a content that was taken, once: whoever asks for them has them from now on. */
  takeBytes(fingerprint: Fingerprint): Buffer | undefined
}

/** What a head start needs. */
export interface HeadStartContext {
  readonly variants: VariantMaker
  readonly recipesFor: RecipesFor
}

/** A head start bounded in bytes: in total, and per file, because nothing stops an encoder once it has begun. */
export function createHeadStart({ variants, recipesFor }: HeadStartContext): HeadStart {
  const held = new Map<string, Buffer>()
  let heldBytes = 0
  const begin = (path: LogicalPath, fingerprint: Fingerprint, bytes: Buffer) => {
    const { integrity, size } = fingerprint
    if (heldBytes + size > LIMITS.headStartMaxBytes) return
    if (!held.has(integrity)) heldBytes += size
    held.set(integrity, bytes)
    for (const recipe of recipesFor(path)) variants.begin(fingerprint, recipe, bytes)
  }
  return {
    offer(path, fingerprint, bytes) {
      if (fingerprint.size <= LIMITS.headStartMaxFileBytes) begin(path, fingerprint, bytes)
    },
    offerFinal: begin,
    takeBytes({ integrity, size }) {
      const bytes = held.get(integrity)
      if (held.delete(integrity)) heldBytes -= size
      return bytes
    },
  }
}
