import { randomBytes } from './content.ts'
import type { MadeFile } from './write-files.ts'

export const BULK_RECIPE = 'bulk 1'

const BYTES = 100_000

/** So many pictures of 100 KB that don't shrink: more than any cache of bodies should hold. */
export function* bulkSite(count: number): Generator<MadeFile> {
  for (let i = 0; i < count; i++) yield { path: `bulk/picture-${i}.png`, content: randomBytes(i + 1, BYTES) }
}
