import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import type { MediaOptions } from '../../src/media/options.ts'
import { media } from '../../src/media/plugin.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { GIF, PNG } from '../support/image.ts'
import { startMediaApp } from '../support/media-app.ts'
import { allIn, listStorages } from '../support/storages.ts'
import { makeTree, readTree } from '../support/tree.ts'

const KEYS = [{ id: 'k1', secret: 'a'.repeat(32) }]

async function startPutting(context: TestContext, options: Partial<MediaOptions> = {}) {
  const root = join(makeTree(context), 'media')
  const { storage = createFilesystemStorage({ root }) } = options
  const limits = { maxFileBytes: 1000 }
  const { app, origin, port } = await startMediaApp(context, { keys: KEYS, limits, ...options, storage })
  const put = async (
    name: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) => {
    const url = origin + (await app.media.signedUrl(name, { method: 'PUT' }))
    return fetch(url, { method: 'PUT', body, headers })
  }
  return { app, origin, port, put, stored: () => [...readTree(root).keys()], all: () => allIn(storage) }
}

/** A client that reads nothing before it has sent everything, as many do. */
async function putBlindly(port: number, link: string, body: Buffer, headers = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const length = `Content-Length: ${body.length}\r\n`
  socket.write(`PUT ${link} HTTP/1.1\r\nHost: localhost\r\n${length}${headers}\r\n`)
  socket.pause()
  for (let at = 0; at < body.length; at += 65_536) {
    if (!socket.write(body.subarray(at, at + 65_536))) await once(socket, 'drain')
  }
  socket.end()
  let answer = ''
  for await (const piece of socket) answer += piece
  return answer
}

for (const [title, make] of listStorages()) {
  const hold = (what: string, body: (context: TestContext, storage: Storage) => Promise<void>) =>
    test(`in ${title}: ${what}`, async (context) => {
      const storage = await make(context)
      if (storage !== undefined) await body(context, storage)
    })

  hold('a body is the file, whatever it says it is', async (context, storage) => {
    const { app, put } = await startPutting(context, { storage })
    for (const type of ['application/json', 'text/html', 'multipart/form-data; boundary=b']) {
      const answer = await put('a.txt', '{', { 'content-type': type })
      assert.equal(answer.status, 201, type)
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
      assert.equal((await app.media.files.read('a.txt')).toString(), '{')
    }
    assert.equal((await put('empty.txt', '')).status, 201)
    assert.equal(await app.media.files.size('empty.txt'), 0)
  })

  hold('what an upload may not be, a PUT may not be either', async (context, storage) => {
    const { put, all } = await startPutting(context, { storage })
    assert.equal((await put('a.bin', Buffer.alloc(1001))).status, 413)
    assert.equal((await put('a.png', GIF)).status, 400)
    assert.equal((await put('a.png', '<script>')).status, 400)
    assert.deepEqual(await all(), [])
    assert.equal((await put('a.png', PNG)).status, 201)
  })

  hold('a client that sends on reads why its file is refused', async (context, storage) => {
    const limits = { maxFileBytes: 8_000_000 }
    const { app, port, all } = await startPutting(context, { storage, limits })
    for (const close of ['', 'Connection: close\r\n']) {
      const link = (name: string) => app.media.signedUrl(name, { method: 'PUT' })
      const fake = await putBlindly(port, await link('a.png'), Buffer.alloc(7_000_000, 'x'), close)
      assert.match(fake, /^HTTP\/1\.1 400 [\s\S]*not the kind of image/)
      const large = await putBlindly(port, await link('a.bin'), Buffer.alloc(9_000_000), close)
      assert.match(large, /^HTTP\/1\.1 413 [\s\S]*more than 8000000 bytes/)
      const unsigned = await putBlindly(port, '/media/a.bin', Buffer.alloc(7_000_000), close)
      assert.match(unsigned, /^HTTP\/1\.1 403 /)
    }
    assert.deepEqual(await all(), [])
  })

  hold('a PUT counts against the quota', async (context, storage) => {
    const log: string[] = []
    const quota: MediaOptions['quota'] = {
      reserve: (_request, { name }) => ({
        maxBytes: 5,
        commit: (bytes) => void log.push(`commit ${name} ${bytes}`),
        rollback: () => void log.push(`rollback ${name}`),
      }),
    }
    const { put } = await startPutting(context, { storage, quota })
    assert.equal((await put('a.txt', 'fine')).status, 201)
    assert.equal((await put('b.txt', 'too long')).status, 413)
    assert.deepEqual(log, ['commit a.txt 4', 'rollback b.txt'])
  })
}

test('a PUT that breaks off leaves what was there', async (context) => {
  const limits = { maxFileBytes: 10_000 }
  const { app, port, put, stored } = await startPutting(context, { limits })
  await put('a.txt', 'old')
  const link = await app.media.signedUrl('a.txt', { method: 'PUT' })
  const socket = connect(port, '127.0.0.1')
  socket.write(`PUT ${link} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(5000)}`)
  await until(() => stored().length === 2)
  socket.destroy()
  await until(() => stored().length === 1)
  assert.equal((await app.media.files.read('a.txt')).toString(), 'old')
})

test('a guard of a name can not be passed by another spelling', async (context) => {
  const { app, origin } = await startMediaApp(context, { keys: KEYS }, (made) => {
    made.put('/media/@team/*', (_request, reply) => reply.code(401).send())
  })
  const link = await app.media.signedUrl('@team/a.txt', { method: 'PUT' })
  for (const [spelled, status] of [
    ['@team', 401],
    ['%40team', 404],
    ['@tea%6d', 401],
  ] as const) {
    const url = origin + link.replace('@team', spelled)
    assert.equal((await fetch(url, { method: 'PUT', body: 'x' })).status, status, spelled)
  }
  const plain = origin + (await app.media.signedUrl('a b+é.txt', { method: 'PUT' }))
  assert.equal((await fetch(plain, { method: 'PUT', body: 'x' })).status, 201)
  assert.deepEqual(
    (await app.media.files.list()).files.map(({ key }) => key),
    ['a b+é.txt'],
  )
})

test('the routes are hidden from OpenAPI', async (context) => {
  const app = Fastify()
  context.after(() => app.close())
  const shown: string[] = []
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (Object(schema).hide !== true) shown.push(`${method} ${url}`)
  })
  await app.register(media, { storage: createMemoryStorage(), keys: KEYS, production: false })
  await app.ready()
  assert.deepEqual(shown, [])
})

test('without keys nobody puts anything', async (context) => {
  const { origin } = await startMediaApp(context)
  assert.equal((await fetch(`${origin}/media/a.txt`, { method: 'PUT', body: 'x' })).status, 404)
})

test("the app's own forms and JSON are read as ever", async (context) => {
  const { origin } = await startMediaApp(context, { keys: KEYS }, (app) => {
    app.post('/json', async (request) => request.body)
  })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${origin}/json`, { method: 'POST', body: '{"a":1}', headers })
  assert.deepEqual(await answer.json(), { a: 1 })
})

async function until(holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 500 && !holds(); attempt++) await sleep(10)
  assert.ok(holds())
}
