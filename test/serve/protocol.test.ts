import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { request } from 'node:https'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import fingerpost, { type FingerpostOptions } from '../../src/index.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

const CSS = 'a{color:red}'.repeat(200)
const BIG = randomBytes(3_000_000)
/** Kept as a string: every byte has to survive that. */
const SMALL = Buffer.from(Array.from({ length: 256 }, (_, n) => n))
const FILES = { 'a.css': CSS, 'big.png': BIG, 'small.png': SMALL }

/** A key and a certificate for 127.0.0.1, made on the spot. */
function makeCertificate(context: TestContext) {
  const folder = makeTree(context)
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1'
  execFileSync('openssl', [...words.split(' '), '-keyout', 'key.pem', '-out', 'cert.pem'], {
    cwd: folder,
    stdio: 'ignore',
  })
  return { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) }
}

interface Answer {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

async function startHttp2(
  context: TestContext,
  options: FingerpostOptions,
  https?: { key: Buffer; cert: Buffer },
) {
  const made = https === undefined ? Fastify({ http2: true }) : Fastify({ http2: true, https })
  // The types of the two have no common call; a plain app's will do.
  const app = made as unknown as FastifyInstance
  await app.register(fingerpost, options)
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const session = connect(address, { rejectUnauthorized: false })
  context.after(() => {
    session.destroy()
    return app.close()
  })
  const get = (path: string, headers: object = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const stream = session.request({ ':path': path, ...headers })
      const pieces: Buffer[] = []
      let received: IncomingHttpHeaders = {}
      stream.on('response', (each) => {
        received = each
      })
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => resolve({ headers: received, body: Buffer.concat(pieces) }))
      stream.on('error', reject)
    })
  return { get, session }
}

for (const shortCircuit of [false, true]) {
  const way = shortCircuit ? 'short' : 'routed'

  test(`HTTP/2 answers as HTTP/1.1 does (${way})`, async (context) => {
    const root = await makeBuild(context, FILES)
    const { get } = await startHttp2(context, { root, shortCircuit })
    const whole = await get('/static/a.css', { 'accept-encoding': 'br' })
    assert.equal(whole.headers[':status'], 200)
    assert.equal(whole.headers['content-encoding'], 'br')
    assert.equal(whole.headers['vary'], 'Accept-Encoding')
    const part = await get('/static/a.css', { range: 'bytes=2-4' })
    assert.deepEqual([part.headers[':status'], part.body.toString()], [206, CSS.slice(2, 5)])
    const same = await get('/static/a.css', {
      'accept-encoding': 'br',
      'if-none-match': whole.headers['etag'],
    })
    assert.deepEqual([same.headers[':status'], same.body.length], [304, 0])
    const head = await get('/static/a.css', { ':method': 'HEAD' })
    assert.deepEqual([head.headers['content-length'], head.body.length], [String(CSS.length), 0])
    for (const _time of ['from disk', 'from memory'])
      assert.deepEqual((await get('/static/small.png')).body, SMALL)
    const miss = await get('/static/nope')
    assert.deepEqual([miss.headers[':status'], miss.headers['cache-control']], [404, 'no-store'])
  })

  test(`HTTP/2 over TLS streams files that are not kept (${way})`, async (context) => {
    const root = await makeBuild(context, FILES)
    const certificate = makeCertificate(context)
    const { get } = await startHttp2(context, { root, shortCircuit, cache: false }, certificate)
    const answers = await Promise.all(Array.from({ length: 10 }, () => get('/static/big.png')))
    for (const { body } of answers) assert.ok(body.equals(BIG))
  })

  test(`a stream that the client resets does no harm (${way})`, async (context) => {
    const root = await makeBuild(context, FILES)
    const { get, session } = await startHttp2(context, { root, shortCircuit, cache: false })
    for (let n = 0; n < 20; n++) {
      await new Promise<void>((resolve) => {
        const stream = session.request({ ':path': '/static/big.png' })
        stream.once('data', () => stream.close(8))
        stream.on('close', resolve)
      })
    }
    assert.ok((await get('/static/big.png')).body.equals(BIG))
  })
}

test('HTTP/1.1 over TLS', async (context) => {
  const root = await makeBuild(context, FILES)
  const app = Fastify({ https: makeCertificate(context) })
  await app.register(fingerpost, { root })
  context.after(() => app.close())
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const get = (path: string) =>
    new Promise<Buffer>((resolve, reject) => {
      const options = { rejectUnauthorized: false, agent: false }
      const sent = request(`${address}/static/${path}`, options, (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('end', () => resolve(Buffer.concat(pieces)))
      })
      sent.on('error', reject)
      sent.end()
    })
  assert.ok((await get('big.png')).equals(BIG))
  for (const _time of ['from disk', 'from memory']) assert.deepEqual(await get('small.png'), SMALL)
})
