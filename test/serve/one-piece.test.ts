import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import Fastify from 'fastify'
import { LIMITS } from '../../src/core/limit.ts'
import fingerpost from '../../src/index.ts'
import { listen } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'

/** Every byte there is, most of them outside ASCII and many of them no UTF-8. */
const SMALL = Buffer.from(Array.from({ length: LIMITS.bodyAsStringMaxBytes }, (_, n) => n % 256))
const BIG = Buffer.concat([SMALL, SMALL])

for (const shortCircuit of [false, true]) {
  test(`head and body of a small answer are one piece, shortCircuit ${shortCircuit}`, async (context) => {
    const app = Fastify()
    await app.register(fingerpost, {
      root: await makeBuild(context, { 'small.png': SMALL, 'big.png': BIG }),
      shortCircuit,
    })
    const pieces = countPieces(app.server)
    const { get } = await listen(context, app)
    const ask = async (path: string, headers = {}) => {
      // The first time the body comes from disk.
      await get(path, headers)
      const before = pieces.count
      const { body } = await get(path, headers)
      return { body, pieces: pieces.count - before }
    }

    assert.deepEqual(await ask(app.static('small.png')), { body: SMALL, pieces: 1 })
    const miss = { body: Buffer.from('Not found\n'), pieces: 1 }
    assert.deepEqual(await ask('/static/gone.0123456789abcdef.js'), miss)
    const unmodified = { body: Buffer.alloc(0), pieces: 1 }
    assert.deepEqual(await ask(app.static('small.png'), { 'if-none-match': '*' }), unmodified)
    assert.deepEqual(await ask(app.static('big.png')), { body: BIG, pieces: 2 })
  })
}

test('bytes kept as a string leave unchanged beside headers outside ASCII, in parts, and by inject', async (context) => {
  const app = Fastify()
  app.addHook('onRequest', async (_request, reply) => void reply.header('x-name', 'caf\u00e9'))
  await app.register(fingerpost, { root: await makeBuild(context, { 'small.png': SMALL }) })
  const { get } = await listen(context, app)
  const url = app.static('small.png')
  for (const _time of ['from disk', 'from memory']) {
    const whole = await get(url)
    assert.deepEqual(whole.body, SMALL)
    assert.equal(whole.headers['x-name'], 'caf\u00e9')
    assert.deepEqual((await get(url, { range: 'bytes=100-299' })).body, SMALL.subarray(100, 300))
    assert.deepEqual((await app.inject(url)).rawPayload, SMALL)
  }
})

/** Counts the strings and buffers that connections are given to write; Node ends an answer with an empty one. */
function countPieces(server: NodeJS.EventEmitter): { readonly count: number } {
  const pieces = { count: 0 }
  const add = (piece: string | Buffer) => {
    if (piece.length > 0) pieces.count++
  }
  server.on('connection', (socket: Socket) => {
    const { _write, _writev } = socket
    socket._write = (piece, ...details) => {
      add(piece)
      _write.call(socket, piece, ...details)
    }
    socket._writev = (chunks, done) => {
      for (const { chunk } of chunks) add(chunk)
      _writev?.call(socket, chunks, done)
    }
  })
  return pieces
}
