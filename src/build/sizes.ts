import type { Digest, Digester } from '../core/digest.ts'
import { comparePaths } from '../core/path.ts'
import { createLineDigest } from './line-digest.ts'
import { OWN_FOLDER } from './lock.ts'

/** The digest of the sizes of all files of an output but locks. */
export interface SizesDigest {
  /** Takes a file; they come in order of key. */
  add(key: string, size: number): void
  digest(): Digest
}

/** Begins with no file. */
export function createSizesDigest(digester: Digester): SizesDigest {
  const lines = createLineDigest(digester)
  return {
    add(key, size) {
      if (!key.startsWith(OWN_FOLDER)) lines.add(`${key}\0${size}`)
    },
    digest: lines.digest,
  }
}

/**
 * The digest of sizes of which some have changed.
 *
 * @param before in order of key
 * @param changed new sizes, in any order
 */
export function digestChangedSizes(
  before: Iterable<readonly [string, number]>,
  changed: ReadonlyMap<string, number>,
  digester: Digester,
): Digest {
  const sizes = createSizesDigest(digester)
  const queue = [...changed].sort(([a], [b]) => comparePaths(b, a))
  const addThrough = (last: string) => {
    for (let next = queue.at(-1); next !== undefined && next[0] <= last; next = queue.at(-1)) {
      sizes.add(...next)
      queue.pop()
    }
  }
  for (const [key, size] of before) {
    addThrough(key)
    if (!changed.has(key)) sizes.add(key, size)
  }
  for (const [key, size] of queue.reverse()) sizes.add(key, size)
  return sizes.digest()
}
