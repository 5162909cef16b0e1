import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cache } from '../../../src/builder/cache/cache.ts'
import { findFingerprint, keepFingerprint } from '../../../src/builder/read/fingerprints.ts'
import type { SourceFile } from '../../../src/sources/finder.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2030, 0, 1)

function createMemoryCache(): Cache {
  const values = new Map<string, Buffer>()
  return {
    get: (key) => values.get(key),
    put: (key, value) => void values.set(key, Buffer.from(value)),
    count: () => ({ hits: 0, misses: 0 }),
    close: () => undefined,
  }
}

function sourceFile(changedMs: number): SourceFile {
  const time = BigInt(changedMs) * 1_000_000n
  const source = { folder: '/src', prefix: '' }
  return { path: 'a', absolutePath: '/src/a', source, size: 3, mtimeNs: time, ctimeNs: time, inode: 7n }
}

const FINGERPRINT = { digest: '0123456789abcdef', integrity: 'sha384-x', size: 3 }

test('a fingerprint holds as long as no part of the stat changes', () => {
  const cache = createMemoryCache()
  const file = sourceFile(NOW - HOUR)
  keepFingerprint(cache, file, FINGERPRINT, NOW)
  assert.deepEqual(findFingerprint(cache, file), FINGERPRINT)
  for (const edit of [{ size: 4 }, { mtimeNs: 1n }, { ctimeNs: 1n }, { inode: 8n }]) {
    assert.equal(findFingerprint(cache, { ...file, ...edit }), undefined, JSON.stringify(Object.keys(edit)))
  }
  assert.equal(findFingerprint(cache, { ...file, absolutePath: '/src/b' }), undefined)
})

test('the stat of a file edited just now is not trusted', () => {
  const cache = createMemoryCache()
  const touched = { ...sourceFile(NOW - HOUR), ctimeNs: BigInt(NOW) * 1_000_000n }
  for (const file of [sourceFile(NOW - 1000), touched]) {
    keepFingerprint(cache, file, FINGERPRINT, NOW)
    assert.equal(findFingerprint(cache, file), undefined)
  }
})
