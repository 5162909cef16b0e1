import assert from 'node:assert/strict'
import { pbkdf2, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2, constants, type Http2Stream } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import Fastify, { type FastifyInstance } from 'fastify'
import fingerpost from '../../src/index.ts'
import { createFilesystemStorage, media } from '../../src/media.ts'
import { exchange } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { openSession } from '../support/http2-session.ts'
import { makeTree, WHOLE_FILE } from '../support/tree.ts'

const MIB = 1024 * 1024
const FILE = randomBytes(8 * MIB)
/** Sixteen ranges that together are nearly the whole file. */
const RANGES = Array.from({ length: 16 }, (_, n) => {
  const start = n * (FILE.length / 16)
  return `${start}-${start + FILE.length / 16 - 2}`
}).join(',')

interface Served {
  readonly app: FastifyInstance
  readonly port: number
  readonly url: string
}

/** Made once: every server only reads. */
let built: Promise<string> | undefined
let filled: string | undefined

function site(): Promise<string> {
  built ??= makeBuild(WHOLE_FILE, { 'a.mp4': FILE })
  return built
}

function folder(): string {
  filled ??= makeTree(WHOLE_FILE, { 'a.mp4': FILE })
  return filled
}

/** Everything that answers with files: what registers it, and the URL of {@link FILE}. */
const SERVERS: Readonly<Record<string, (app: FastifyInstance, context: TestContext) => Promise<string>>> = {
  async 'static, streamed'(app) {
    const root = await site()
    await app.register(fingerpost, { root, watch: false, cache: false })
    return app.static('a.mp4')
  },
  async 'static, short-circuit'(app) {
    const root = await site()
    await app.register(fingerpost, { root, watch: false, cache: false, shortCircuit: true })
    return app.static('a.mp4')
  },
  async 'static, cached'(app) {
    const root = await site()
    await app.register(fingerpost, { root, watch: false })
    return app.static('a.mp4')
  },
  async 'static, from a route'(app) {
    const root = await site()
    await app.register(fingerpost, { root, watch: false, cache: false })
    app.get('/film', (_request, reply) => reply.sendStatic('a.mp4'))
    return '/film'
  },
  async media(app) {
    const storage = createFilesystemStorage({ root: folder() })
    await app.register(media, { storage, production: false })
    return '/media/a.mp4'
  },
  async folders(app, context) {
    const root = await makeBuild(context, { 'b.txt': 'b' })
    const folders = [folder()]
    await app.register(fingerpost, { root, watch: false, folders })
    app.get('/a.mp4', (_request, reply) => reply.sendFile('a.mp4'))
    return '/a.mp4'
  },
  async live(app, context) {
    const sources = [folder()]
    const config = makeTree(context, { 'fingerpost.config.json': '{}' })
    await app.register(fingerpost, {
      live: { reload: false, config: `${config}/fingerpost.config.json` },
      sources,
    })
    return '/static/a.mp4'
  },
}

async function serve(context: TestContext, server: string, http2 = false): Promise<Served> {
  const app = (http2 ? Fastify({ http2: true }) : Fastify()) as unknown as FastifyInstance
  context.after(() => app.close())
  const url = (await SERVERS[server]?.(app, context)) ?? ''
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, port: Number(new URL(origin).port), url }
}

/** Descriptors of the file that this process has open. */
function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter(
    (fd) => targetOf(fd).includes('a.mp4') || /a\.[0-9a-f]{16}\.mp4/.test(targetOf(fd)),
  ).length
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

/** Memory outside the heap: bodies, and what waits to be written. */
function bufferBytes(): number {
  return process.memoryUsage().arrayBuffers
}

/** The highest value of a figure while `work` runs. */
async function peakOf(figure: () => number, work: () => Promise<void>): Promise<number> {
  let peak = figure()
  const timer = setInterval(() => {
    peak = Math.max(peak, figure())
  }, 5)
  await work().finally(() => clearInterval(timer))
  return Math.max(peak, figure())
}

/** Generous for what takes milliseconds, and far from the minute after which a stalled answer is given up. */
const DEADLINE_MS = 20_000

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 10) {
    assert.ok(waited < DEADLINE_MS, `not after ${DEADLINE_MS} ms: ${holds}`)
    await sleep(10)
  }
}

/** Sends all requests at once and takes nothing of the answers. Resolves when the server has begun to answer. */
async function pipeline(port: number, request: string, times: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1', () => socket.write(request.repeat(times)))
  socket.on('error', () => undefined)
  await once(socket, 'readable')
  return socket
}

async function reset(socket: Socket): Promise<void> {
  socket.resetAndDestroy()
  if (!socket.closed) await once(socket, 'close')
}

for (const server of Object.keys(SERVERS)) {
  test(`1,500 pipelined requests open at most 2 descriptors, and none after a reset (${server})`, async (context) => {
    const { app, port, url } = await serve(context, server)
    let arrived = 0
    app.server.prependListener('request', () => arrived++)
    let socket: Socket | undefined
    const peak = await peakOf(openDescriptors, async () => {
      socket = await pipeline(port, `GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 1500)
      await until(() => arrived > 500)
      await sleep(300)
    })
    assert.ok(peak <= 2, `${peak} descriptors for ${arrived} requests`)
    if (socket !== undefined) await reset(socket)
    await until(() => openDescriptors() === 0)
    const answer = await exchange(port, url)
    assert.equal(answer.status, 200)
    assert.ok(answer.body.equals(FILE))
  })

  test(`700 pipelined requests for ranges take less than 100 MB, and others are answered (${server})`, async (context) => {
    const { app, port, url } = await serve(context, server)
    assert.equal((await exchange(port, url)).status, 200)
    const answers: ServerResponse[] = []
    app.server.prependListener('request', (_request, answer) => answers.push(answer))
    const before = bufferBytes()
    let socket: Socket | undefined
    const request = `GET ${url} HTTP/1.1\r\nHost: localhost\r\nRange: bytes=${RANGES}\r\n\r\n`
    const peak = await peakOf(bufferBytes, async () => {
      socket = await pipeline(port, request, 700)
      await until(() => answers.length > 100)
      assert.equal((await exchange(port, url, { range: 'bytes=0-9' })).body.length, 10)
      // Work on those that wait would keep the visitor waiting. The visitor's own is one.
      const begun = answers.filter(({ headersSent }) => headersSent).length
      assert.ok(begun <= 4, `${begun} answers were begun`)
    })
    assert.ok(
      peak - before < 100 * MIB,
      `${Math.round((peak - before) / MIB)} MiB for ${answers.length} requests`,
    )
    if (socket !== undefined) await reset(socket)
    await until(() => openDescriptors() === 0)
  })
}

/** Asks on as many streams and takes nothing. */
function ask(session: ClientHttp2Session, url: string, times: number, range?: string): void {
  for (let n = 0; n < times; n++) {
    const stream = session.request({ ':path': url, ...(range && { range: `bytes=${range}` }) })
    stream.on('error', () => undefined)
  }
}

for (const server of Object.keys(SERVERS)) {
  test(`700 streams of one HTTP/2 session take less than 100 MB, and nothing after it (${server})`, async (context) => {
    const { port, url } = await serve(context, server, true)
    const { session, cut } = await openSession(port)
    await once(session, 'remoteSettings')
    const before = bufferBytes()
    let descriptors = 0
    const peak = await peakOf(
      () => {
        descriptors = Math.max(descriptors, openDescriptors())
        return bufferBytes()
      },
      async () => {
        ask(session, url, 700, RANGES)
        await sleep(500)
        const other = connectHttp2(`http://127.0.0.1:${port}`)
        const stream = other.request({ ':path': url, range: 'bytes=0-9' })
        assert.equal(Buffer.concat(await stream.toArray()).length, 10)
        other.destroy()
      },
    )
    assert.ok(peak - before < 100 * MIB, `${Math.round((peak - before) / MIB)} MiB`)
    assert.ok(descriptors <= 2, `${descriptors} descriptors`)
    cut()
    await until(() => openDescriptors() === 0)
  })
}

test('answers that nobody takes hold few more bodies than the cache may, however many files are asked for', async (context) => {
  const names = Array.from({ length: 6 }, (_, n) => `${n}.mp4`)
  const root = await makeBuild(context, Object.fromEntries(names.map((name) => [name, randomBytes(4 * MIB)])))
  const app = Fastify({ http2: true }) as unknown as FastifyInstance
  context.after(() => app.close())
  await app.register(fingerpost, { root, watch: false, cache: { maxBytes: 16 * MIB, maxBodyBytes: 4 * MIB } })
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  const { session, cut } = await openSession(port)
  await once(session, 'remoteSettings')
  const before = bufferBytes()
  const peak = await peakOf(bufferBytes, async () => {
    for (let n = 0; n < 60; n++) {
      const stream = session.request({ ':path': app.static(names[n % names.length] ?? '') })
      stream.on('error', () => undefined)
      await once(stream, 'response')
    }
  })
  assert.ok(peak - before < 60 * MIB, `${Math.round((peak - before) / MIB)} MiB`)
  // What was held is counted back: another body is cached.
  cut()
  const { bytes } = app.staticStats()
  assert.ok(bytes <= 16 * MIB)
  const other = connectHttp2(`http://127.0.0.1:${port}`)
  for (let n = 0; n < 2; n++) {
    const stream = other.request({ ':path': app.static('5.mp4') })
    assert.equal(Buffer.concat(await stream.toArray()).length, 4 * MIB)
    await until(() => n === 0 || app.staticStats().hits > 0)
  }
  other.destroy()
})

test('answers to clients that left before they were written hold nothing', async (context) => {
  const names = Array.from({ length: 5 }, (_, n) => `${n}.mp4`)
  const root = await makeBuild(context, Object.fromEntries(names.map((name) => [name, randomBytes(4 * MIB)])))
  const app = Fastify()
  context.after(() => app.close())
  let goOn = () => {}
  const left = new Promise<void>((resolve) => {
    goOn = resolve
  })
  let waiting = 0
  app.addHook('onRequest', async ({ headers }) => {
    if (headers['x-leave'] === undefined) return
    waiting++
    await left
  })
  await app.register(fingerpost, { root, watch: false, cache: { maxBytes: 16 * MIB, maxBodyBytes: 4 * MIB } })
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)
  const [other = '', ...urls] = names.map((name) => app.static(name))
  for (const url of urls) assert.equal((await exchange(port, url)).status, 200)
  const ranges = 'Range: bytes=0-99,200-299\r\n'
  const sockets = urls.flatMap((url) =>
    ['', ranges].map((range) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\nX-Leave: 1\r\n${range}\r\n`),
      )
      return socket.on('error', () => undefined)
    }),
  )
  await until(() => waiting === sockets.length)
  for (const socket of sockets) socket.resetAndDestroy()
  await sleep(50)
  goOn()
  await sleep(50)
  // Were the bodies still counted as held, there would be no room for another one: it would be streamed each time.
  const { hits } = app.staticStats()
  for (let n = 0; n < 2; n++) assert.equal((await exchange(port, other)).status, 200)
  assert.equal(app.staticStats().hits - hits, 1)
})

for (const server of Object.keys(SERVERS)) {
  test(`none of a hundred streams whose client takes its time is refused (${server})`, async (context) => {
    const { app, port, url } = await serve(context, server, true)
    let arrived = 0
    app.server.on('stream', () => arrived++)
    const { session, cut } = await openSession(port)
    await once(session, 'remoteSettings')
    const faults: Error[] = []
    const ask = () => session.request({ ':path': url }).on('error', (error) => faults.push(error))
    for (let n = 0; n < 99; n++) ask()
    await until(() => arrived === 99)
    await sleep(300)
    const last = session.request({ ':path': url, range: 'bytes=0-9' })
    assert.equal(Buffer.concat(await last.toArray()).length, 10)
    assert.deepEqual(faults, [])
    cut()
  })

  test(`streams that are reset in the middle are released while their session goes on (${server})`, async (context) => {
    const { app, port, url } = await serve(context, server, true)
    const streams: Http2Stream[] = []
    app.server.on('stream', (stream: Http2Stream) => streams.push(stream))
    const { session, cut } = await openSession(port)
    for (let n = 0; n < 20; n++) {
      const stream = session.request({ ':path': url })
      stream.on('error', () => undefined)
      await once(stream, 'response')
      // Browsers cancel. After a reset without an error Node would keep the stream.
      stream.close(n % 2 === 0 ? constants.NGHTTP2_CANCEL : constants.NGHTTP2_NO_ERROR)
      await until(() => streams.length === n + 1 && streams.every(({ destroyed }) => destroyed))
    }
    await until(() => openDescriptors() === 0)
    cut()
  })
}

test('streams that are reset while files of folders wait to be opened leave few of them open', async (context) => {
  const { port, url } = await serve(context, 'folders', true)
  const { session, cut } = await openSession(port)
  await once(session, 'remoteSettings')
  const peak = await peakOf(openDescriptors, async () => {
    // Node opens files on four threads. Without them nothing is opened before all have been asked for.
    const hash = () => promisify(pbkdf2)('', '', 20_000, 64, 'sha512')
    const busy = Promise.all(Array.from({ length: 4 }, hash))
    // Node ends a session after a thousand resets.
    for (let n = 0; n < 900; n++) {
      const stream = session.request({ ':path': url })
      stream.on('error', () => undefined)
      if (n % 5 === 0) await sleep(0)
      stream.close()
    }
    await busy
    await until(() => openDescriptors() === 0)
  }).finally(cut)
  // A file takes a moment to close, while the next answer opens it anew.
  assert.ok(peak < 20, `${peak} descriptors`)
})
