import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect as connectHttp2, type ServerHttp2Stream } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import fingerpost from '../../src/index.ts'
import { createFilesystemStorage, media } from '../../src/media.ts'
import { exchange, listen, start } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

/** More than systems keep for a connection, so that much of it waits in the server for a client that reads. */
const BIG = randomBytes(16_000_000)
const MODES = {
  streamed: { cache: false },
  kept: { cache: { maxBytes: 40_000_000, maxBodyBytes: 20_000_000 } },
} as const

const descriptors = () => readdirSync('/proc/self/fd').length

async function startWith(context: TestContext, options: object) {
  const root = await makeBuild(context, { 'big.png': BIG, 'a.txt': 'a' })
  return start(context, { root, watch: false, stallSeconds: 1, ...options })
}

/** Asks, and takes next to nothing of what comes. */
async function stall(port: number, requests: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1', () => socket.write(requests))
  socket.on('error', () => undefined)
  await once(socket, 'readable')
  return socket
}

async function allConnectionsClosed(app: FastifyInstance): Promise<void> {
  const count = () => new Promise<number>((resolve) => app.server.getConnections((_, n) => resolve(n)))
  while ((await count()) > 0) await sleep(20)
}

for (const [way, options] of Object.entries(MODES)) {
  test(`a client that takes nothing is let go, and nothing is left open for it (${way})`, async (context) => {
    const { app, port } = await startWith(context, options)
    const url = app.static('big.png')
    assert.ok((await exchange(port, url)).body.equals(BIG))
    await allConnectionsClosed(app)
    const before = descriptors()
    const ask = `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`
    const small = 'GET /static/a.txt HTTP/1.1\r\nHost: x\r\n\r\n'
    const stalled = await Promise.all([ask, ask + ask, small + ask].map((text) => stall(port, text)))
    await allConnectionsClosed(app)
    for (const socket of stalled) socket.destroy()
    await Promise.all(stalled.map((socket) => socket.closed || once(socket, 'close')))
    while (descriptors() > before) await sleep(20)
    assert.equal(app.staticStats().damaged, 0)
    assert.equal((await exchange(port, '/static/a.txt')).status, 200)
  })

  test(`over HTTP/2 the stream alone is ended (${way})`, async (context) => {
    const app = Fastify({ http2: true }) as unknown as FastifyInstance
    const root = await makeBuild(context, { 'big.png': BIG.subarray(0, 2_000_000), 'a.txt': 'a' })
    await app.register(fingerpost, { root, watch: false, stallSeconds: 1, ...options })
    const session = connectHttp2(await app.listen({ host: '127.0.0.1', port: 0 }))
    context.after(() => {
      session.destroy()
      return app.close()
    })
    const arrived = once(app.server, 'stream')
    const stalled = session.request({ ':path': app.static('big.png') })
    const [stream] = (await arrived) as [ServerHttp2Stream]
    await new Promise((resolve) => stream.on('close', resolve))
    // Nobody takes what came for the whole.
    await assert.rejects(stalled.toArray(), { code: 'ERR_HTTP2_STREAM_ERROR' })
    const other = session.request({ ':path': '/static/a.txt' })
    assert.equal((await other.toArray()).join(''), 'a')
  })
}

/** What else answers with files: what registers it, and the URL of a file. */
const OTHERS: Readonly<Record<string, (app: FastifyInstance, context: TestContext) => Promise<string>>> = {
  async media(app, context) {
    const storage = createFilesystemStorage({ root: makeTree(context, { 'big.png': BIG }) })
    await app.register(media, { storage, production: false, stallSeconds: 1 })
    return '/media/big.png'
  },
  async folders(app, context) {
    const root = await makeBuild(context, { 'a.txt': 'a' })
    const folders = [makeTree(context, { 'big.png': BIG })]
    await app.register(fingerpost, { root, watch: false, folders, stallSeconds: 1 })
    app.get('/big', (_request, reply) => reply.sendFile('big.png'))
    return '/big'
  },
  async live(app, context) {
    const sources = [makeTree(context, { 'big.png': BIG })]
    const config = join(makeTree(context, { 'fingerpost.config.json': '{}' }), 'fingerpost.config.json')
    await app.register(fingerpost, { live: { reload: false, config }, sources, stallSeconds: 1 })
    return '/static/big.png'
  },
}
for (const [server, register] of Object.entries(OTHERS)) {
  test(`a client that takes nothing is let go (${server})`, async (context) => {
    const app = Fastify()
    const url = await register(app, context)
    const { port } = await listen(context, app)
    const socket = await stall(port, `GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    context.after(() => socket.destroy())
    await allConnectionsClosed(app)
  })

  test(`over HTTP/2 a stream whose client takes nothing is ended (${server})`, async (context) => {
    const app = Fastify({ http2: true }) as unknown as FastifyInstance
    const url = await register(app, context)
    const session = connectHttp2(await app.listen({ host: '127.0.0.1', port: 0 }))
    context.after(() => {
      session.destroy()
      return app.close()
    })
    const arrived = once(app.server, 'stream')
    const stalled = session.request({ ':path': url })
    const [stream] = (await arrived) as [ServerHttp2Stream]
    await new Promise((resolve) => stream.on('close', resolve))
    await assert.rejects(stalled.toArray(), { code: 'ERR_HTTP2_STREAM_ERROR' })
  })
}

test('who has taken everything is not let go: the connection is as idle as the app allows', async (context) => {
  const { app, port } = await startWith(context, MODES.kept)
  const accepted = once(app.server, 'connection')
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(`GET ${app.static('big.png')} HTTP/1.1\r\nHost: x\r\n\r\n`)
  })
  context.after(() => socket.destroy())
  let received = 0
  const complete = new Promise<void>((resolve) => {
    socket.on('data', (piece) => {
      received += piece.length
      if (received > BIG.length) resolve()
    })
  })
  const [connection] = (await accepted) as [Socket]
  await complete
  while (connection.timeout === 1000 && !connection.destroyed) await sleep(20)
  assert.ok((connection.timeout ?? 0) >= app.server.keepAliveTimeout, `${connection.timeout}`)
})
