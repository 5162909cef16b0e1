import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Fastify from 'fastify'
import fingerpost from '../../src/index.ts'
import { fingerpostTesting } from '../../src/testing.ts'
import { listen, start, talk } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

const FILES = {
  'index.html': '<h1>app</h1>'.repeat(100),
  'gone.html': '<h1>gone</h1>',
  'docs/index.html': 'docs',
}
const VISIT = { 'sec-fetch-mode': 'navigate', accept: 'text/html,*/*;q=0.8' }

test('the fallback answers visits of unknown addresses, and nothing else', async (context) => {
  const root = await makeBuild(context, FILES, { url: '/' })
  const { get } = await start(context, { root, index: { file: 'index.html', fallback: 'index.html' } })
  for (const url of ['/', '/orders/7', '/orders/', '/orders?id=1.2', '/%C3%BC']) {
    const page = await get(url, VISIT)
    assert.deepEqual([page.status, page.body.toString()], [200, FILES['index.html']], url)
    assert.deepEqual(
      [page.headers['cache-control'], page.headers['content-type']],
      ['no-cache', 'text/html; charset=utf-8'],
    )
    assert.equal((await get(url, { ...VISIT, 'if-none-match': page.headers['etag'] ?? '' })).status, 304)
  }
  assert.equal((await get('/orders/7')).status, 200, 'also for programs that say nothing')
  assert.equal(
    (await get('/orders/7', { ...VISIT, 'accept-encoding': 'br' })).headers['content-encoding'],
    'br',
  )
  assert.equal((await get('/docs', VISIT)).headers['location'], './docs/')
  for (const url of ['/app.js', '/app.0123456789abcdef', '/orders/a.0123456789abcdef.css', '/v1.2'])
    assert.equal((await get(url, VISIT)).status, 404, url)
  assert.equal(
    (await get('/api/orders', { 'sec-fetch-mode': 'cors', accept: '*/*' })).status,
    404,
    'a script asks',
  )
  assert.equal((await get('/orders/7', VISIT, 'POST')).status, 404)
})

test('routes of the app, and its own not-found handler for what is no visit, stay', async (context) => {
  const root = await makeBuild(context, FILES, { url: '/' })
  const app = Fastify()
  await app.register(fingerpost, {
    root,
    index: { fallback: 'index.html' },
    fallthrough: true,
    shortCircuit: true,
  })
  app.get('/api/orders', async () => 'orders')
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('ours'))
  const { get } = await listen(context, app)
  assert.equal((await get('/api/orders', VISIT)).body.toString(), 'orders')
  assert.equal((await get('/nope', VISIT)).body.toString(), FILES['index.html'])
  assert.equal((await get('/nope.js', VISIT)).body.toString(), 'ours')
})

test('a fallback that the build does not have stops the start, and so does a mistyped option', async (context) => {
  const root = await makeBuild(context, FILES)
  for (const [index, code, message] of [
    [{ fallback: 'indx.html' }, 'FP_UNKNOWN_NAME', /index\.html/],
    [{ falback: 'index.html' }, 'FP_CONFIG', /fallback/],
  ] as const) {
    const app = Fastify()
    context.after(() => app.close())
    await assert.rejects(async () => await app.register(fingerpost, { root, index } as never), {
      code,
      message,
    })
  }
})

test('a route of the app answers with a file of the build', async (context) => {
  const app = Fastify()
  await app.register(fingerpost, { root: await makeBuild(context, FILES) })
  app.get('/orders/*', (_request, reply) => reply.header('x-mine', 'yes').sendStatic('index.html'))
  app.post('/orders', async (_request, reply) => reply.sendStatic('index.html'))
  app.get('/typo', (_request, reply) => reply.sendStatic('indx.html'))
  app.get('/wrong', (_request, reply) => reply.sendStatic('index.html', { stauts: 404 } as never))
  app.setNotFoundHandler((_request, reply) => reply.sendStatic('gone.html', { status: 404 }))
  const { get, port } = await listen(context, app)
  const page = await get('/orders/7', { 'accept-encoding': 'gzip' })
  assert.deepEqual(
    [page.status, page.headers['content-encoding'], page.headers['cache-control'], page.headers['x-mine']],
    [200, 'gzip', 'no-cache', 'yes'],
  )
  const etag = page.headers['etag'] ?? ''
  assert.equal((await get('/orders/7', { 'accept-encoding': 'gzip', 'if-none-match': etag })).status, 304)
  assert.equal((await get('/orders/7', { range: 'bytes=0-3' })).body.toString(), '<h1>')
  assert.equal((await get('/orders', { 'if-none-match': '*', range: 'bytes=0-3' }, 'POST')).status, 200)
  const gone = await get('/nope', { 'if-none-match': '*', range: 'bytes=0-3' })
  assert.deepEqual([gone.status, gone.body.toString()], [404, FILES['gone.html']])
  const typo = await get('/typo')
  assert.equal(typo.status, 500)
  assert.match(typo.body.toString(), /FP_UNKNOWN_NAME.*index\.html/)
  assert.match((await get('/wrong')).body.toString(), /FP_CONFIG.*status/)
  const two =
    'GET /orders/1 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /orders/2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  assert.equal((await talk(port, two)).toString().match(/HTTP\/1\.1 200 OK/g)?.length, 2)
})

test('live mode sends the file of the sources, with its script', async (context) => {
  const folder = makeTree(context, { 'index.html': '<h1>app</h1>' })
  const app = Fastify()
  await app.register(fingerpost, { live: true, sources: [folder], index: { fallback: 'index.html' } })
  app.get('/orders', (_request, reply) => reply.sendStatic('index.html'))
  const { get } = await listen(context, app)
  for (const url of ['/orders', '/static/orders/7'])
    assert.match(
      (await get(url)).body.toString(),
      /^<h1>app<\/h1><script src="\/static\/__fingerpost\/live\.js">/,
    )
})

test('without the files of a build it says where they are; in tests they are empty', async (context) => {
  const app = Fastify()
  const manifest = readFileSync(join(await makeBuild(context, FILES), 'manifest.json'), 'utf8')
  await app.register(fingerpost, { manifest: async () => manifest })
  app.get('/', (_request, reply) => reply.sendStatic('index.html'))
  const { get } = await listen(context, app)
  assert.match((await get('/')).body.toString(), /FP_CONFIG.*remote manifest/)

  const inTest = Fastify()
  context.after(() => inTest.close())
  await inTest.register(fingerpostTesting)
  inTest.get('/', (_request, reply) => reply.sendStatic('index.html', { status: 404 }))
  const answer = await inTest.inject('/')
  assert.deepEqual([answer.statusCode, answer.headers['content-type']], [404, 'text/html; charset=utf-8'])
})
