import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Stream, connect, constants, type ServerHttp2Session } from 'node:http2'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import type { MediaOptions } from '../../src/media/options.ts'
import { media } from '../../src/media/plugin.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { allIn } from '../support/storages.ts'

const PART = '--b\r\nContent-Disposition: form-data; name="paper"; filename="a.txt"\r\n\r\n'
const FIELD = '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\n'
const FORM = {
  ':method': 'POST',
  ':path': '/form',
  'content-type': 'multipart/form-data; boundary=b',
}

/** An app that takes forms and PUT over HTTP/2, one session to it, and what its uploads leave. */
async function start(context: TestContext, options: Partial<MediaOptions> = {}) {
  const storage = createMemoryStorage()
  const leases = new Set<object>()
  const quota: MediaOptions['quota'] = {
    reserve() {
      const lease = {
        maxBytes: 1e6,
        commit: () => void leases.delete(lease),
        rollback: () => void leases.delete(lease),
      }
      leases.add(lease)
      return lease
    },
  }
  const keys = [{ id: 'k', secret: 's'.repeat(32) }]
  const app = Fastify({ http2: true }) as unknown as FastifyInstance
  await app.register(media, { storage, keys, quota, production: false, ...options })
  app.post('/form', async (request) => {
    const form = await request.saveUploads({ files: { paper: { uploadTo: '' } } })
    return form.files.map(({ name }) => name)
  })
  app.post('/part', async (request) => {
    const file = (await request.file()) ?? assert.fail('no file')
    return app.media.save(file, { uploadTo: '', request })
  })
  let streams = 0
  app.server.on('session', (session: ServerHttp2Session) =>
    session.on('stream', (stream) => {
      streams++
      stream.once('close', () => streams--)
    }),
  )
  const session = connect(await app.listen({ host: '127.0.0.1', port: 0 }))
  session.on('error', () => undefined)
  context.after(() => {
    session.destroy()
    return app.close()
  })
  const put = async (name: string, headers: object = {}) => {
    const path = await app.media.signedUrl(name, { method: 'PUT' })
    return quiet(session.request({ ':method': 'PUT', ':path': path, ...headers }, { endStream: false }))
  }
  const post = (headers: object = {}) => quiet(session.request({ ...FORM, ...headers }, { endStream: false }))
  const left = async () => ({ files: await allIn(storage), leases: leases.size, streams })
  return { app, session, put, post, left, storage }
}

const NOTHING = { files: [], leases: 0, streams: 0 }

function quiet(stream: ClientHttp2Stream): ClientHttp2Stream {
  return stream.on('error', () => undefined)
}

/** The status of an answer; 0 if the stream ended without one. */
async function statusOf(stream: ClientHttp2Stream): Promise<number> {
  stream.resume()
  const response = once(stream, 'response').then(([headers]) => Number(headers[':status']))
  return Promise.race([response, once(stream, 'close').then(() => 0)])
}

test('forms, parts and PUT arrive over HTTP/2', async (context) => {
  const { put, post, left, storage } = await start(context)
  for (const path of ['/form', '/part']) {
    const stream = post({ ':path': path })
    stream.end(`${PART}hello\r\n--b--\r\n`)
    assert.equal(await statusOf(stream), 200)
  }
  const stream = await put('b.txt')
  stream.end('hello')
  assert.equal(await statusOf(stream), 201)
  assert.equal((await storage.read('b.txt')).toString(), 'hello')
  await until(left, ({ files, ...rest }) => files.length === 3 && rest.streams === 0 && rest.leases === 0)
})

test('a stream that stalls is given up, whatever else its session does', {
  timeout: 30_000,
}, async (context) => {
  const { session, put, post, left } = await start(context, { stallSeconds: 1, limits: { maxActive: 4 } })
  const stalling = [post(), post(), post({ ':path': '/part' }), await put('b.txt')]
  for (const [n, text] of [`${PART}half`, `${FIELD}half`, `${PART}half`, 'half'].entries())
    stalling[n]?.write(text)
  const busy = setInterval(() => {
    session.ping(() => undefined)
    quiet(session.request({ ':path': '/media/none' })).resume()
  }, 100)
  context.after(() => clearInterval(busy))
  assert.deepEqual(await Promise.all(stalling.map(statusOf)), [408, 408, 408, 408])
  const stream = await put('c.txt')
  stream.end('hello')
  assert.equal(await statusOf(stream), 201, 'there is room for others')
  clearInterval(busy)
  await until(left, ({ files, leases, streams }) => files.length === 1 && leases === 0 && streams === 0)
})

test('a long field that arrives in small pieces is no stall', async (context) => {
  const { post, left } = await start(context, { stallSeconds: 1, limits: { minBytesPerSecond: 10 } })
  const stream = post()
  stream.write(FIELD)
  for (let n = 0; n < 7; n++) {
    stream.write('x'.repeat(100))
    await sleep(300)
  }
  stream.end(`\r\n${PART}hello\r\n--b--\r\n`)
  assert.equal(await statusOf(stream), 200)
  assert.equal((await left()).files.length, 1)
})

test('streams that are reset leave nothing and replace nothing', { timeout: 30_000 }, async (context) => {
  const { put, post, left } = await start(context)
  // Node's client ends a stream before it cancels it: only the length tells that something is missing.
  const length = { 'content-length': 1000 }
  const cancelled = [post(length), post({ ':path': '/part', ...length }), await put('a.txt', length)]
  const destroyed = [post(), post({ ':path': '/part' }), await put('b.txt')]
  for (const stream of [...cancelled, ...destroyed])
    stream.write(stream.sentHeaders[':method'] === 'PUT' ? 'half' : `${PART}half`)
  await until(left, ({ leases }) => leases === 6)
  for (const stream of cancelled) stream.close(constants.NGHTTP2_CANCEL)
  for (const stream of destroyed) stream.destroy()
  await until(left, (found) => JSON.stringify(found) === JSON.stringify(NOTHING))
})

test('a session that is cut leaves nothing and replaces nothing', async (context) => {
  const { session, put, post, left } = await start(context)
  const streams = [post(), post({ ':path': '/part' }), await put('a.txt')]
  for (const [n, text] of [`${PART}half`, `${PART}half`, 'half'].entries()) streams[n]?.write(text)
  await until(left, ({ leases }) => leases === 3)
  session.destroy()
  await until(left, (found) => JSON.stringify(found) === JSON.stringify(NOTHING))
})

test('the stream of a refused upload does not stay open', async (context) => {
  const { app, session, post, left } = await start(context)
  const unsigned = quiet(session.request({ ':method': 'PUT', ':path': '/media/a.txt' }, { endStream: false }))
  const large = post({ 'content-length': 1e9 })
  for (const stream of [unsigned, large]) stream.write('half')
  assert.deepEqual(await Promise.all([unsigned, large].map(statusOf)), [403, 413])
  await until(left, ({ streams }) => streams === 0)
  assert.equal((await app.media.files.list()).files.length, 0)
})

async function until<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<void> {
  for (let attempt = 0; attempt < 800; attempt++) {
    if (holds(await look())) return
    await sleep(10)
  }
  assert.fail(JSON.stringify(await look()))
}
