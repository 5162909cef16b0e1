import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import { brotliCompressSync } from 'node:zlib'
import { codeLikeText, incompressibleText } from '../../../bench/profiles/content.ts'
import { CHANGED_FILE, growthSite } from '../../../bench/profiles/growth-site.ts'
import { mixedPaths, servingSite, sizedPath } from '../../../bench/profiles/serving-site.ts'
import { cssScanner } from '../../../src/scan/css.ts'

test('the same seed makes the same text, another seed another', () => {
  assert.equal(codeLikeText(1, 500), codeLikeText(1, 500))
  assert.notEqual(codeLikeText(1, 500), codeLikeText(2, 500))
  assert.equal(codeLikeText(1, 500).length, 500)
})

test('text made for a size on the wire has it after brotli', () => {
  for (const bytes of [1_000, 10_000, 100_000]) {
    const size = brotliCompressSync(incompressibleText(bytes, bytes)).length
    assert.ok(Math.abs(size / bytes - 1) < 0.02, `${size} of ${bytes}`)
  }
})

test('the serving site has what its profiles ask for', () => {
  const paths = new Set([...servingSite()].map(({ path }) => path))
  assert.equal(paths.size, 24)
  for (const path of [...mixedPaths(), sizedPath('1 KB'), sizedPath('1 MB')]) assert.ok(paths.has(path))
})

test('the twenty files have 3 to 300 KB', () => {
  const sizes = [...servingSite()].slice(0, 20).map(({ content }) => content.length)
  assert.deepEqual([sizes[0], sizes.at(-1)], [3_000, 300_000])
})

test('a growing site has so many files, all different, and every reference leads to one of them', () => {
  const files = [...growthSite(800)]
  const paths = new Set(files.map(({ path }) => path))
  const contents = new Set(files.map(({ content }) => content.toString('latin1')))
  assert.equal(paths.size, 800)
  assert.equal(contents.size, 800)
  assert.ok(paths.has(CHANGED_FILE))
  for (const { path, content } of files.filter((file) => file.path.endsWith('.css'))) {
    const { references } = cssScanner.scan(content.toString())
    assert.equal(references.length, 3)
    for (const { specifier } of references) assert.ok(paths.has(posix.join(posix.dirname(path), specifier)))
  }
})
