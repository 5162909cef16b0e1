import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createMediaStorage, type MediaStorage } from '../../src/media/media-storage.ts'
import { createFilesystemStorage } from '../../src/storage/filesystem.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { GIF, PNG } from '../support/image.ts'
import { createS3Lab } from '../support/s3.ts'
import { makeTree } from '../support/tree.ts'

const lab = createS3Lab()

const BACKENDS: readonly (readonly [
  title: string,
  make: (context: TestContext) => Promise<Storage | undefined>,
])[] = [
  ['media in a folder', async (context) => createFilesystemStorage({ root: makeTree(context) })],
  ['media in memory', async () => createMemoryStorage()],
  ['media in a bucket', (context) => lab.storage(context)],
]

for (const [title, make] of BACKENDS) {
  const promise = (text: string, body: (media: MediaStorage, storage: Storage) => Promise<void>) =>
    test(`${title}: ${text}`, async (context) => {
      const storage = await make(context)
      if (storage !== undefined) await body(createMediaStorage(storage, { maxBytes: 1000 }), storage)
    })

  promise('bytes, blobs, streams and generators are stored alike', async (media) => {
    const text = 'the same'
    const contents = [
      Buffer.from(text),
      new Blob([text]),
      Readable.from([Buffer.from('the '), Buffer.from('same')]),
      (async function* () {
        yield Buffer.from(text)
      })(),
    ]
    for (const content of contents) {
      const name = await media.save('notes/a.txt', content)
      assert.equal((await media.read(name)).toString(), text)
      assert.equal(await media.size(name), 8)
    }
    assert.equal((await media.list('notes/')).files.length, 4)
  })

  promise('twenty uploads of one name at once give twenty files', async (media) => {
    const upload = (_: unknown, index: number) =>
      media.save('a/cat.txt', Readable.from([Buffer.from(`${index}`)]))
    const names = await Promise.all(Array.from({ length: 20 }, upload))
    assert.equal(new Set(names).size, 20)
    for (const [index, name] of names.entries()) {
      assert.match(name, /^a\/cat(?:_[\w-]{7})?\.txt$/)
      assert.equal((await media.read(name)).toString(), `${index}`)
    }
  })

  promise('a name is replaced only when told to', async (media) => {
    await media.save('a.txt', Buffer.from('old'))
    assert.notEqual(await media.save('a.txt', Buffer.from('new')), 'a.txt')
    assert.equal((await media.read('a.txt')).toString(), 'old')
    assert.equal(await media.save('a.txt', Buffer.from('new'), { overwrite: true }), 'a.txt')
    assert.equal((await media.read('a.txt')).toString(), 'new')
  })

  promise('one byte too many leaves nothing', async (media) => {
    assert.ok(await media.exists(await media.save('just.txt', Buffer.alloc(1000))))
    const flood = async function* () {
      for (;;) yield Buffer.alloc(500)
    }
    await assert.rejects(media.save('flood.txt', flood()), { code: 'FP_LIMIT', statusCode: 413 })
    await assert.rejects(media.save('b.txt', Buffer.alloc(11), { maxBytes: 10 }), { code: 'FP_LIMIT' })
    assert.deepEqual(
      (await media.list()).files.map(({ key }) => key),
      ['just.txt'],
    )
  })

  promise('an image that is none is refused, whatever the backend', async (media) => {
    await assert.rejects(media.save('a.png', Buffer.from('<script>')), { code: 'FP_UPLOAD', statusCode: 400 })
    await assert.rejects(media.save('a.png', GIF), { code: 'FP_UPLOAD' })
    const slowly = Readable.from([...PNG].map((byte) => Buffer.from([byte])))
    assert.equal(await media.save('a.png', slowly), 'a.png')
    assert.deepEqual(await media.read('a.png'), PNG)
    assert.equal((await media.list()).files.length, 1)
  })

  promise('an unsafe name is refused, whatever the backend', async (media, storage) => {
    for (const name of ['../a', '/a', 'a/../b', '.env', 'a\\b', 'a\nb', 'con', `${'x'.repeat(256)}`, '']) {
      await assert.rejects(media.save(name, Buffer.from('x')), { code: 'FP_PATH' }, name)
      await assert.rejects(media.read(name), { code: 'FP_PATH' }, name)
      await assert.rejects(media.delete(name), { code: 'FP_PATH' }, name)
    }
    assert.equal((await storage.list()[Symbol.asyncIterator]().next()).done, true)
  })

  promise('files are listed page by page', async (media) => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await media.save(name, Buffer.from(name))
    const pages: string[][] = []
    let after: string | undefined = ''
    while (after !== undefined) {
      const page: Awaited<ReturnType<MediaStorage['list']>> = await media.list('', { after, limit: 2 })
      pages.push(page.files.map(({ key }) => key))
      after = page.next
    }
    assert.deepEqual(pages, [['a', 'b'], ['c', 'd'], ['e']])
  })

  promise('size and time are told, and a missing file is named', async (media) => {
    await media.save('a.txt', Buffer.from('12345'))
    assert.equal(await media.size('a.txt'), 5)
    assert.ok(Math.abs((await media.modifiedAt('a.txt')).getTime() - Date.now()) < 60_000)
    for (const ask of [media.size, media.modifiedAt, media.read])
      await assert.rejects(ask('none.txt'), { code: 'FP_NOT_FOUND', message: /none\.txt/ })
    assert.equal(await media.exists('none.txt'), false)
  })

  promise('part of a file is opened', async (media) => {
    await media.save('a.txt', Buffer.from('0123456789'))
    const pieces: Uint8Array[] = []
    for await (const piece of media.open('a.txt', { start: 2, end: 4 })) pieces.push(piece)
    assert.equal(Buffer.concat(pieces).toString(), '234')
  })
}

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
