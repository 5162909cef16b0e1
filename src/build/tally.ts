import { ENCODINGS } from '../core/encoding.ts'
import type { ManifestAsset } from '../core/manifest.ts'
import type { Collection } from '../find/finder.ts'

/** What the sources hold. */
export function tallySources({ files }: Collection) {
  let bytes = 0
  for (const { size } of files.values()) bytes += size
  return { files: files.size, bytes }
}

/** Sums sizes by encoding. */
export function tallyOutputs(assets: Iterable<ManifestAsset>) {
  const none = { files: 0, bytes: 0 }
  const tallies = { identity: { ...none }, br: { ...none }, zstd: { ...none }, gzip: { ...none } }
  const add = (encoding: keyof typeof tallies, size: number) => {
    tallies[encoding].files++
    tallies[encoding].bytes += size
  }
  for (const asset of assets) {
    add('identity', asset.size)
    for (const encoding of ENCODINGS) {
      const variant = asset.encodings[encoding]
      if (variant !== undefined) add(encoding, variant.size)
    }
  }
  return tallies
}
