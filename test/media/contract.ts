import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MediaStorage } from '../../src/media/media-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { GIF, PNG } from '../support/image.ts'

/** Media of at most 1,000 bytes a file, empty, and where their addresses lead. */
export interface MediaBench {
  readonly media: MediaStorage
  /** What keeps the files, to look behind the checks. */
  readonly storage: Storage
  /** Put before an address that is only a path: `http://127.0.0.1:1234`, or ''. */
  readonly origin: string
}

/** Makes a bench for one test; skips the test and returns nothing where what it needs isn't there. */
export type MakeMediaBench = (context: TestContext) => Promise<MediaBench | undefined>

/** What visitors' files are promised, whatever keeps them. Nothing may be open to everybody but what an address opens. */
export function testMediaContract(title: string, make: MakeMediaBench): void {
  const promise = (text: string, body: (media: MediaStorage, bench: MediaBench) => Promise<void>) =>
    test(`${title}: ${text}`, async (context) => {
      const bench = await make(context)
      if (bench !== undefined) await body(bench.media, bench)
    })

  promise('bytes, blobs, streams and generators are stored alike', async (media) => {
    const text = 'the same'
    const contents = [
      Buffer.from(text),
      new Blob([text]),
      Readable.from([Buffer.from('the '), Buffer.from('same')]),
      new Blob([text]).stream(),
      (async function* () {
        yield Buffer.from(text)
      })(),
    ]
    for (const content of contents) {
      const name = await media.save('notes/a.txt', content)
      assert.equal((await media.read(name)).toString(), text)
      assert.equal(await media.size(name), 8)
    }
    assert.equal((await media.list('notes/')).files.length, 5)
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

  promise('an unsafe name is refused, whatever the backend', async (media, { storage }) => {
    for (const name of ['con', 'a:b.txt', 'e\u0301.txt', 'a..'])
      await assert.rejects(media.save(name, Buffer.from('x')), { code: 'FP_PATH' }, name)
    for (const name of ['../a', '/a', 'a/../b', '.env', 'a\\b', 'a\nb', `${'x'.repeat(256)}`, '']) {
      await assert.rejects(media.save(name, Buffer.from('x')), { code: 'FP_PATH' }, name)
      await assert.rejects(media.read(name), { code: 'FP_PATH' }, name)
      await assert.rejects(media.delete(name), { code: 'FP_PATH' }, name)
    }
    assert.equal((await storage.list()[Symbol.asyncIterator]().next()).done, true)
  })

  promise('a name that another program gave is read and deleted', async (media, { storage, origin }) => {
    for (const name of ['Report: v1.txt', 'cafe\u0301.txt', 'notes..txt', 'con.txt', 'what?.txt']) {
      await storage.save(name, Buffer.from(name))
      assert.equal((await media.read(name)).toString(), name)
      const answer = await fetch(origin + (await media.signedUrl(name)))
      assert.deepEqual([answer.status, await answer.text()], [200, name])
      await media.delete(name)
      assert.equal(await media.exists(name), false)
    }
  })

  promise('what is replaced stays until the new content is committed', async (media) => {
    await media.save('a.txt', Buffer.from('old'))
    const refused = await media.stage('a.txt', Buffer.from('new'), { overwrite: true })
    assert.equal((await media.read('a.txt')).toString(), 'old')
    await refused.discard()
    assert.equal((await media.read('a.txt')).toString(), 'old')
    const staged = await media.stage('a.txt', Buffer.from('new'), { overwrite: true })
    await staged.commit()
    assert.equal((await media.read('a.txt')).toString(), 'new')
    const other = await media.stage('a.txt', Buffer.from('other'))
    assert.notEqual(other.name, 'a.txt')
    await other.discard()
    assert.deepEqual(
      (await media.list()).files.map(({ key }) => key),
      ['a.txt'],
    )
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
    const part = async (range?: { start?: number; end?: number }) => {
      const pieces: Uint8Array[] = []
      for await (const piece of media.open('a.txt', range)) pieces.push(piece)
      return Buffer.concat(pieces).toString()
    }
    assert.equal(await part(), '0123456789')
    assert.equal(await part({ start: 2, end: 4 }), '234')
    assert.equal(await part({ start: 7 }), '789')
    assert.equal(await part({ end: 1 }), '01')
    await assert.rejects(media.open('../a.txt')[Symbol.asyncIterator]().next(), { code: 'FP_PATH' })
  })

  promise('a file has an address, its name encoded', async (media) => {
    assert.match(media.url('a b/ü+.png'), /\/a%20b\/%C3%BC(\+|%2B)\.png$/)
    for (const name of ['../a', '/a', 'a\nb', '']) assert.throws(() => media.url(name), { code: 'FP_PATH' })
  })

  promise('a signed address opens one file and no other', async (media, { origin }) => {
    for (const name of ['a b/ü+.txt', 'b.txt']) await media.save(name, Buffer.from(name))
    const address = await media.signedUrl('a b/ü+.txt')
    assert.ok((origin + address).startsWith(origin + media.url('a b/ü+.txt')))
    const answer = await fetch(origin + address)
    assert.equal(answer.status, 200)
    assert.equal(await answer.text(), 'a b/ü+.txt')
    assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
    const part = await fetch(origin + address, { headers: { range: 'bytes=2-4' } })
    assert.deepEqual([part.status, await part.text()], [206, 'b/\ufffd'])
    assert.equal((await fetch(origin + address.replace(/a%20b\/%C3%BC(\+|%2B)/, 'b'))).status, 403)
    assert.equal((await fetch(origin + media.url('b.txt'))).status, 403, 'without a signature')
    await assert.rejects(media.signedUrl('../b.txt'), { code: 'FP_PATH' })
  })

  promise('a signed address dies when its time is over', async (media, { origin }) => {
    await media.save('a.txt', Buffer.from('x'))
    const address = origin + (await media.signedUrl('a.txt', { expiresInSeconds: 1 }))
    let status = 200
    for (let attempt = 0; attempt < 100 && status === 200; attempt++) {
      await sleep(50)
      status = (await fetch(address)).status
    }
    assert.equal(status, 403)
    for (const expiresInSeconds of [0, -1, Number.NaN, 604_801])
      await assert.rejects(media.signedUrl('a.txt', { expiresInSeconds }), { code: 'FP_CONFIG' })
  })

  promise('a signed address can make a picture a download', async (media, { origin }) => {
    await media.save('ü.png', PNG)
    const shown = await fetch(origin + (await media.signedUrl('ü.png')))
    assert.equal(shown.headers.get('content-disposition'), 'inline')
    assert.equal(shown.headers.get('content-type'), 'image/png')
    const saved = await fetch(origin + (await media.signedUrl('ü.png', { disposition: 'attachment' })))
    assert.equal(
      saved.headers.get('content-disposition'),
      `attachment; filename="?.png"; filename*=UTF-8''%C3%BC.png`,
    )
    assert.deepEqual(Buffer.from(await saved.arrayBuffer()), PNG)
  })

  promise(
    'an address signed for PUT takes the bytes of its name, and opens nothing',
    async (media, { origin }) => {
      const address = origin + (await media.signedUrl('in/a.bin', { method: 'PUT' }))
      const put = (url: string, body: string) =>
        fetch(url, { method: 'PUT', body, headers: { 'content-type': 'application/octet-stream' } })
      assert.ok((await put(address, 'from the browser')).ok)
      assert.equal((await media.read('in/a.bin')).toString(), 'from the browser')
      assert.ok((await put(address, 'once more')).ok, 'a client may try again')
      assert.equal((await media.read('in/a.bin')).toString(), 'once more')
      assert.equal((await fetch(address)).status, 403)
      assert.equal((await put(address.replace('a.bin', 'b.bin'), 'x')).status, 403)
      assert.equal((await put(origin + (await media.signedUrl('in/a.bin')), 'x')).status, 403)
      assert.equal((await put(origin + media.url('in/a.bin'), 'x')).status, 403)
      assert.deepEqual(
        (await media.list()).files.map(({ key }) => key),
        ['in/a.bin'],
      )
    },
  )
}
