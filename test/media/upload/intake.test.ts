import assert from 'node:assert/strict'
import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import { media } from '../../../src/media/plugin.ts'
import { createIntake } from '../../../src/media/upload/intake.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'

const LIMITS = { maxActive: 1, stallMs: 60_000, minBytesPerSecond: 500 }

/** An upload whose pieces of some bytes arrive after so many seconds each, while the clock shows them. */
async function takeSlowly(
  pieces: readonly number[],
  { seconds = 59, pause = 0, isOwn = false } = {},
  limits = LIMITS,
): Promise<number> {
  let clock = 0
  let taken = 0
  const intake = createIntake(limits, () => clock)
  const request = isOwn ? undefined : new IncomingMessage(new Socket())
  await intake.take(request, async (wait) => {
    for (const length of pieces) {
      const piece = (async () => {
        await null
        clock += seconds * 1000
        return { done: false, value: new Uint8Array(length) }
      })()
      await wait(piece)
      taken += length
      clock += pause * 1000
    }
  })
  return taken
}

const SLOW = { code: 'FP_UPLOAD', statusCode: 408, message: /fewer than 500 bytes per second/ }

test('a client that sends a byte in each minute is given up after the second', async () => {
  await assert.rejects(takeSlowly([1, 1]), SLOW)
  assert.equal(await takeSlowly([1]), 1)
})

test('a client that is slow on average, however it began, is given up', async () => {
  const second = 500
  assert.equal(await takeSlowly(Array.from({ length: 9 }, () => 59 * second)), 9 * 59 * second)
  await assert.rejects(takeSlowly([59 * second, ...Array.from({ length: 9 }, () => 50)]), SLOW)
})

test('the time that a storage takes is not the client’s', async () => {
  assert.equal(await takeSlowly([1, 1, 1], { seconds: 1, pause: 3600 }), 3)
})

test('neither an upload of the app itself nor one without the limit is given up', async () => {
  assert.equal(await takeSlowly([1, 1, 1], { isOwn: true }), 3)
  assert.equal(await takeSlowly([1, 1, 1], {}, { ...LIMITS, minBytesPerSecond: 0 }), 3)
})

const FILE = '--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n'
const FIELD = '--b\r\nContent-Disposition: form-data; name="title"\r\n\r\n'
const BODIES: Readonly<Record<string, readonly [method: string, path: string, start: string]>> = {
  'a file of a form': ['POST', '/form', FILE],
  'a field of a form': ['POST', '/form', FIELD],
  'a PUT': ['PUT', '', 'x'],
}

/** An app with room for one upload, each of which has to bring a thousand bytes per second. */
async function startApp(context: TestContext, http2: boolean) {
  const app = (http2 ? fastify({ http2 }) : fastify()) as unknown as FastifyInstance
  const ends: (() => unknown)[] = []
  context.after(() => {
    for (const end of ends) end()
    return app.close()
  })
  const limits = { maxActive: 1, minBytesPerSecond: 1000 }
  const keys = [{ id: 'k', secret: 's'.repeat(32) }]
  await app.register(media, {
    ...{ storage: createMemoryStorage(), production: false, stallSeconds: 1, limits, keys },
  })
  app.post('/form', (request) => request.saveUploads({ files: { f: { uploadTo: '' } } }))
  return { app, origin: await app.listen({ host: '127.0.0.1', port: 0 }), ends }
}

for (const http2 of [false, true]) {
  for (const [what, [method, given, start]] of Object.entries(BODIES)) {
    test(`${what} that trickles in is given up and leaves its place, over HTTP/${http2 ? 2 : 1}`, async (context) => {
      const { app, origin, ends } = await startApp(context, http2)
      const path = given || (await app.media.signedUrl('a.txt', { method: 'PUT' }))
      const type = 'multipart/form-data; boundary=b'
      let status: unknown
      if (http2) {
        const session = connectHttp2(origin)
        ends.push(() => session.destroy())
        const stream = session.request({ ':method': method, ':path': path, 'content-type': type })
        stream.on('error', () => undefined)
        stream.write(start)
        const timer = setInterval(() => stream.write('x'), 100)
        status = (await once(stream, 'response'))[0][':status']
        clearInterval(timer)
      } else {
        const socket = connect(Number(new URL(origin).port), '127.0.0.1')
        socket.on('error', () => undefined)
        const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\nContent-Type: ${type}`
        socket.write(`${head}\r\n\r\n${start}`)
        const timer = setInterval(() => socket.write('x'), 100)
        status = Number(/^HTTP\/1.1 (\d+)/.exec(String((await once(socket, 'data'))[0]))?.[1])
        clearInterval(timer)
        socket.destroy()
      }
      assert.equal(status, 408)
      const part = { filename: 'b.txt', fieldname: '', mimetype: '', file: new Blob(['b']).stream() }
      assert.equal((await app.media.save(part, { uploadTo: '' })).name, 'b.txt')
    })
  }
}
