import type { Digest, Digester } from '../../core/digest.ts'

/** The digest of a list of lines that never is in memory as a whole. */
export interface LineDigest {
  add(line: string): void
  digest(): Digest
}

/** No path has a zero in it. */
const LINE_END = '\0\n'

/** Characters that are digested at once: a call for each line would take longer than the digest. */
const PIECE_LENGTH = 64 * 1024

/** Begins an empty list. */
export function createLineDigest(digester: Digester): LineDigest {
  const stream = digester.stream()
  let piece = ''
  const flush = () => {
    stream.update(Buffer.from(piece))
    piece = ''
  }
  return {
    add(line) {
      piece += line + LINE_END
      if (piece.length >= PIECE_LENGTH) flush()
    },
    digest() {
      flush()
      return stream.digest()
    },
  }
}
