import { codeLikeText, incompressibleText } from './content.ts'
import type { MadeFile } from './write-files.ts'

export const SERVING_RECIPE = 'serving 1'

/** Sizes of a body on the wire, brotli-encoded, in bytes. */
export const BODY_SIZES = { '1 KB': 1_000, '10 KB': 10_000, '100 KB': 100_000, '1 MB': 1_000_000 } as const
export type BodySize = keyof typeof BODY_SIZES

/** How many files the mixed profile has. */
const MIXED_FILES = 20

/** The twenty files of 3 to 300 KB, each 1.27 times the one before; scripts and style sheets in turn. */
export function mixedPaths(): readonly string[] {
  return Array.from({ length: MIXED_FILES }, (_, i) => `mixed/file-${i}.${i % 2 === 0 ? 'js' : 'css'}`)
}

/** The file whose brotli variant has this size, within a few bytes in a hundred. */
export function sizedPath(size: BodySize): string {
  return `sized/body-${BODY_SIZES[size]}.js`
}

/** Every file the serving profiles ask for. */
export function* servingSite(): Generator<MadeFile> {
  for (const [i, path] of mixedPaths().entries()) {
    const bytes = Math.round(3_000 * 100 ** (i / (MIXED_FILES - 1)))
    const text = codeLikeText(i + 1, bytes - 5)
    // As a comment it is valid in both languages, whatever the words are.
    yield { path, content: `/*${text.replaceAll('*/', '')}*/\n` }
  }
  for (const size of Object.keys(BODY_SIZES) as BodySize[]) {
    yield { path: sizedPath(size), content: incompressibleText(BODY_SIZES[size], BODY_SIZES[size]) }
  }
}
