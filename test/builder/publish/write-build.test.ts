import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sumOutputs } from '../../../src/builder/publish/write-build.ts'
import type { ManifestAsset } from '../../../src/core/manifest/manifest.ts'

const asset = (size: number, encodings: ManifestAsset['encodings'] = {}): ManifestAsset => {
  return { file: 'f', type: 't', size, etag: 'e', integrity: 'i', encodings, references: [] }
}

const variant = (size: number) => ({ size, etag: 'e' })

const ICON = asset(100, { br: variant(40), gzip: variant(50) })
const STYLE = asset(1000, { br: variant(300) })
const PICTURE = asset(7)

test('files and bytes are summed by encoding, beside the bytes the same files have as they are', () => {
  assert.deepEqual(sumOutputs([ICON, STYLE, PICTURE]), {
    identity: { files: 3, bytes: 1107, identityBytes: 1107 },
    br: { files: 2, bytes: 340, identityBytes: 1100 },
    zstd: { files: 0, bytes: 0, identityBytes: 0 },
    gzip: { files: 1, bytes: 50, identityBytes: 100 },
  })
})
