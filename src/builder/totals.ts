import { ENCODINGS, type VariantEncoding } from '../core/encoding.ts'
import type { ManifestAsset } from '../core/manifest/manifest.ts'
import type { Collection } from '../sources/finder.ts'
import type { BuildReport } from './report.ts'

/** What the sources hold. */
export function tallySources({ files }: Collection) {
  let bytes = 0
  for (const { size } of files.values()) bytes += size
  return { files: files.size, bytes }
}

/** Sums sizes by encoding. */
export function tallyOutputs(assets: Iterable<ManifestAsset>): BuildReport['outputs'] {
  const none = { files: 0, bytes: 0, identityBytes: 0 }
  const tallies = { identity: { ...none }, br: { ...none }, zstd: { ...none }, gzip: { ...none } }
  for (const asset of assets) {
    for (const encoding of VARIANT_ENCODINGS) {
      const variant = encoding === 'identity' ? asset : asset.encodings[encoding]
      if (variant === undefined) continue
      tallies[encoding].files++
      tallies[encoding].bytes += variant.size
      tallies[encoding].identityBytes += asset.size
    }
  }
  return tallies
}

const VARIANT_ENCODINGS: readonly VariantEncoding[] = ['identity', ...ENCODINGS]
