import assert from 'node:assert/strict'
import { once } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import fingerpost from '../../src/index.ts'
import { listen, talk } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'

const BIG = Buffer.alloc(16_000_000)
/** Long enough for any answer of these tests, and for whatever Node does after it. */
const QUIET_MS = 200

interface Served {
  readonly port: number
  readonly url: string
  /** As Node gave them to the app. */
  readonly requests: readonly IncomingMessage[]
}

async function startWith(
  context: TestContext,
  { shortCircuit = false, onRequest }: { shortCircuit?: boolean; onRequest?: (raw: IncomingMessage) => void },
): Promise<Served> {
  const app = Fastify()
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  await app.register(fingerpost, { root, watch: false, shortCircuit })
  const requests: IncomingMessage[] = []
  const { port } = await listen(context, app)
  app.server.prependListener('request', (raw: IncomingMessage) => {
    requests.push(raw)
    onRequest?.(raw)
  })
  return { port, url: app.static('a.css'), requests }
}

for (const shortCircuit of [false, true]) {
  test(`a request without a body isn't read to its end, shortCircuit ${shortCircuit}`, async (context) => {
    const { port, url, requests } = await startWith(context, { shortCircuit })
    const asked = [
      [`GET ${url}`, 200],
      [`HEAD ${url}`, 200],
      [`GET ${url}`, 304, 'If-None-Match: *\r\n'],
      ['GET /static/gone.css', 404],
      [`DELETE ${url}`, 405],
    ] as const
    for (const [line, status, headers = ''] of asked) {
      const answer = String(await talk(port, `${line} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`, QUIET_MS))
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), line)
      const raw = requests.at(-1)
      assert.deepEqual([raw?.complete, raw?.readableEnded, raw?.aborted], [true, false, false], line)
    }
  })
}

for (const event of ['end', 'close'] as const) {
  test(`who waits for a request's ${event} hears of it`, async (context) => {
    let heard = 0
    const onRequest = (raw: IncomingMessage) => void raw.on(event, () => heard++)
    const { port, url } = await startWith(context, { onRequest })
    await talk(port, `GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(3), QUIET_MS)
    assert.equal(heard, 3)
  })
}

const BODIES = {
  'of a known length': 'Content-Length: 5\r\n\r\nhello',
  'in chunks': 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
}
for (const [how, body] of Object.entries(BODIES)) {
  test(`a body ${how} is read, and the next request on its connection answered`, async (context) => {
    const { port, url, requests } = await startWith(context, {})
    const withBody = `GET ${url} HTTP/1.1\r\nHost: x\r\n${body}`
    const answers = await talk(port, `${withBody}GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`, QUIET_MS)
    assert.equal(String(answers).match(/HTTP\/1\.1 200 /g)?.length, 2)
    // The other one was complete before its turn came, so that nothing is left to spare.
    assert.equal(requests[0]?.readableEnded, true)
  })
}

test('a client that leaves in the middle of an answer is told to who waits for it', async (context) => {
  const app = Fastify()
  const left = new Promise<string>((resolve) =>
    app.addHook('onRequestAbort', async (_request) => resolve('told')),
  )
  const root = await makeBuild(context, { 'big.png': BIG })
  await app.register(fingerpost, { root, watch: false, cache: false })
  const { port } = await listen(context, app)
  const socket = connect(port, '127.0.0.1', () =>
    socket.write(`GET ${app.static('big.png')} HTTP/1.1\r\nHost: x\r\n\r\n`),
  )
  await once(socket, 'readable')
  socket.destroy()
  assert.equal(await Promise.race([left, sleep(5000, 'unheard', { ref: false })]), 'told')
})

test('a request made up without a connection is answered too', async (context) => {
  const app = Fastify()
  await app.register(fingerpost, { root: await makeBuild(context, { 'a.css': 'a{}' }), watch: false })
  await app.ready()
  const raw = new IncomingMessage(undefined as unknown as Socket)
  Object.assign(raw, { method: 'GET', url: app.static('a.css') })
  const answer = new ServerResponse(raw)
  const failed = new Promise<Error>((resolve) => raw.on('error', resolve))
  app.routing(raw, answer)
  while (!answer.writableEnded) await sleep(5)
  assert.equal(answer.statusCode, 200)
  assert.equal(await Promise.race([failed, sleep(50)]), undefined)
})
