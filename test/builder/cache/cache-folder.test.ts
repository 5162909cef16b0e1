import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openFolderCache } from '../../../src/builder/cache/cache-folder.ts'
import { createDigester } from '../../../src/core/digest.ts'
import type { SourceFile } from '../../../src/sources/finder.ts'
import { makeTree } from '../../support/tree.ts'

const digester = await createDigester()
const HOUR = 3_600_000
const START = Date.UTC(2030, 0, 1)

function folder(context: TestContext) {
  const dir = join(makeTree(context), 'cache')
  return () => openFolderCache({ dir, maxBytes: 1_000_000, digester, clock: () => START })
}

function sourceFile(changedMs: number): SourceFile {
  const time = BigInt(changedMs) * 1_000_000n
  const source = { folder: '/src', prefix: '' }
  return { path: 'a', absolutePath: '/src/a', source, size: 3, mtimeNs: time, ctimeNs: time, inode: 7n }
}

const FINGERPRINT = { digest: '0123456789abcdef', integrity: 'sha384-x', size: 3 }

test('a fingerprint holds as long as no part of the stat changes', async (context) => {
  const open = folder(context)
  const file = sourceFile(START - HOUR)
  const first = open()
  first.keepFingerprint(file, FINGERPRINT)
  await first.close()
  const cache = open()
  assert.deepEqual(cache.findFingerprint(file), FINGERPRINT)
  for (const edit of [{ size: 4 }, { mtimeNs: 1n }, { ctimeNs: 1n }, { inode: 8n }]) {
    assert.equal(cache.findFingerprint({ ...file, ...edit }), undefined, JSON.stringify(Object.keys(edit)))
  }
  assert.equal(cache.findFingerprint({ ...file, absolutePath: '/src/b' }), undefined)
})

test('the stat of a file edited just now is not trusted', async (context) => {
  const cache = folder(context)()
  cache.keepFingerprint(sourceFile(START - 1000), FINGERPRINT)
  assert.equal(cache.findFingerprint(sourceFile(START - 1000)), undefined)
  const touched = { ...sourceFile(START - HOUR), ctimeNs: BigInt(START) * 1_000_000n }
  cache.keepFingerprint(touched, FINGERPRINT)
  assert.equal(cache.findFingerprint(touched), undefined)
})
