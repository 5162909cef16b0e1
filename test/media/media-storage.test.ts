import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createMediaStorage } from '../../src/media/media-storage.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { startMediaApp } from '../support/media-app.ts'
import { createS3Lab } from '../support/s3.ts'
import { startSigningStorage } from '../support/signing-storage.ts'
import { makeTree } from '../support/tree.ts'
import { type MediaBench, testMediaContract } from './contract.ts'

const lab = createS3Lab()
const KEYS = [{ id: 'k1', secret: 'a'.repeat(32) }]

/** Media whose addresses lead to an app; a storage made apart from it has the same ones. */
async function behindApp(context: TestContext, storage: Storage): Promise<MediaBench> {
  const { origin } = await startMediaApp(context, {
    storage,
    keys: KEYS,
    private: true,
    limits: { maxFileBytes: 1000 },
  })
  const media = createMediaStorage(storage, { maxBytes: 1000, url: '/media/', keys: KEYS })
  return { media, storage, origin }
}

testMediaContract('media in a folder', (context) =>
  behindApp(context, createFilesystemStorage({ root: makeTree(context) })),
)

testMediaContract('media in memory', (context) => behindApp(context, createMemoryStorage()))

testMediaContract('media in a bucket', async (context) => {
  const storage = await lab.storage(context)
  return storage && { media: createMediaStorage(storage, { maxBytes: 1000 }), storage, origin: '' }
})

testMediaContract('media in a storage of your own that signs URLs', async (context) => {
  const storage = await startSigningStorage(context)
  return { media: createMediaStorage(storage, { maxBytes: 1000 }), storage, origin: '' }
})

testMediaContract('media in a storage of your own behind the app', async (context) =>
  behindApp(context, await startSigningStorage(context)),
)

testMediaContract('media in a bucket behind the app', async (context) => {
  const storage = await lab.storage(context)
  return storage && behindApp(context, storage)
})

test('orphans are what the application no longer uses and what is old enough', async () => {
  let now = Date.parse('2026-01-01')
  const storage = createMemoryStorage({ now: () => new Date(now) })
  const media = createMediaStorage(storage, { now: () => now })
  for (const name of ['used', 'left', 'other/left']) await media.save(name, Buffer.from('x'))
  now += 25 * 3_600_000
  await media.save('young', Buffer.from('x'))
  const orphans = async (options = {}) => {
    const names: string[] = []
    for await (const { key } of media.orphans(['used', 'unknown'], options)) names.push(key)
    return names
  }
  assert.deepEqual(await orphans(), ['left', 'other/left'])
  assert.deepEqual(await orphans({ prefix: 'other/' }), ['other/left'])
  assert.deepEqual(await orphans({ minAgeHours: 0 }), ['left', 'other/left', 'young'])
  assert.ok(await media.exists('left'))
})

test('a stream that is refused is closed', async () => {
  const media = createMediaStorage(createMemoryStorage(), { maxBytes: 10 })
  const stream = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(2000)
    })(),
  )
  await assert.rejects(media.save('a.txt', stream), { code: 'FP_LIMIT' })
  assert.ok(stream.destroyed)
})

test('a storage without addresses says what it needs', async () => {
  const media = createMediaStorage(createMemoryStorage())
  assert.throws(() => media.url('a.txt'), { code: 'FP_CONFIG', message: /memory.*\n.*option url/ })
  await assert.rejects(media.signedUrl('a.txt'), { code: 'FP_CONFIG', message: /option url and keys/ })
  const open = createMediaStorage(createMemoryStorage(), { url: '/media/' })
  assert.equal(open.url('a b.txt'), '/media/a%20b.txt')
  await assert.rejects(open.signedUrl('a.txt'), { code: 'FP_CONFIG', message: /option keys/ })
  const unsafe = { url: '/media/', keys: [{ id: 'k', secret: 'short' }] }
  assert.throws(() => createMediaStorage(createMemoryStorage(), unsafe), { code: 'FP_CONFIG' })
})
