import zlib from 'node:zlib'
import type { Encoding } from '../../core/encoding.ts'
import { isCompressible } from '../../core/media-type.ts'
import type { LogicalPath } from '../../core/path.ts'
import { createMatcher } from '../../sources/ignore.ts'
import { QUALITIES } from '../settings/option-parsers.ts'
import type { BuildConfig } from '../settings/options.ts'

/** How a file is compressed. */
export interface CompressionRule {
  readonly encoding: Encoding
  readonly quality: number
}

/** The rules for a file: one for each variant; none for types that are compressed already. */
export type RulesFor = (path: LogicalPath) => readonly CompressionRule[]

/** Reads the options `encodings`, `quality` and `compress`. Encodings that this runtime lacks are left out. */
export function createCompressionRules(
  config: Pick<BuildConfig, 'encodings' | 'quality' | 'compress'>,
): RulesFor {
  const { encodings, quality: level, compress } = config
  const standard = encodings
    .filter(canEncode)
    .map((encoding) => ({ encoding, quality: QUALITIES[encoding][level] }))
  const globs = compress.map(([glob, chosen]) => ({
    matches: createMatcher(glob),
    rules: standard.flatMap(({ encoding, quality: usual }) => {
      const quality = chosen !== false && (chosen[encoding] ?? usual)
      return quality === false ? [] : [{ encoding, quality }]
    }),
  }))
  return (path) => {
    if (!isCompressible(path)) return []
    return globs.find(({ matches }) => matches(path))?.rules ?? standard
  }
}

/** False for an encoding that this runtime has no encoder for: zstd before Node 22.15. */
export function canEncode(encoding: Encoding): boolean {
  return encoding !== 'zstd' || 'zstdCompress' in zlib
}
