import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findPromise, promisedFiles } from '../../../src/builder/publish/output.ts'
import { createWriter } from '../../../src/builder/publish/writer.ts'
import { createDigester } from '../../../src/core/digest.ts'
import type { Encoding } from '../../../src/core/encoding.ts'
import type { Manifest, ManifestAsset } from '../../../src/core/manifest/manifest.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'

const digester = await createDigester()
const DIGEST = '0123456789abcdef'

function asset(file: string, ...encodings: readonly Encoding[]): ManifestAsset {
  const siblings = encodings.map((encoding) => [encoding, { size: 10, etag: `${encoding} of ${file}` }])
  const about = { type: 'text/plain', size: 20, etag: `of ${file}`, integrity: 'sha384-x', references: [] }
  return { file, ...about, encodings: Object.fromEntries(siblings) }
}

// A bundler's name stays as it is, and so does the sibling it brings.
const MANIFEST: Manifest = {
  ...{ version: 1, url: '/static/', digest: DIGEST },
  assets: new Map([
    ['css/a.css', asset(`css/a.${DIGEST}.css`, 'br', 'gzip')],
    ['LICENSE', asset(`LICENSE.${DIGEST}`, 'zstd')],
    ['app-B1xy.js', asset('app-B1xy.js', 'br')],
    ['app-B1xy.js.gz', asset('app-B1xy.js.gz')],
  ]),
}

test('what a manifest promises is found by key alone, as if there were a table of all keys', () => {
  for (const [key, { size, etag }] of promisedFiles(MANIFEST)) {
    const found = findPromise(MANIFEST, key)
    assert.deepEqual([found?.size, found?.etag], [size, etag], key)
  }
})

test('nothing is promised under a key that no file of the build has', () => {
  for (const key of [
    `css/a.${DIGEST}.css.zst`,
    'css/a.css',
    `css/a.${'f'.repeat(16)}.css`,
    'app-B1xy.js.zst',
  ]) {
    assert.equal(findPromise(MANIFEST, key), undefined, key)
  }
  assert.equal(findPromise(undefined, 'css/a.css'), undefined)
})

test('a promise holds for the right name, digest and size', () => {
  const file = `css/a.${DIGEST}.css`
  const writer = (sizes: ReadonlyMap<string, number>) => {
    const output = { manifest: MANIFEST, sizes }
    return createWriter({ storage: createMemoryStorage(), output, digester, mode: 'publish' })
  }
  const whole = writer(new Map([[`${file}.br`, 10]]))
  const known = { size: 10, etag: `br of ${file}` }
  assert.ok(whole.has(`${file}.br`, known))
  assert.ok(!whole.has(`${file}.br`, { ...known, etag: 'other' }))
  assert.ok(!whole.has(`css/a.${'f'.repeat(16)}.css.br`, known))
  assert.ok(!writer(new Map()).has(`${file}.br`, known))
})
