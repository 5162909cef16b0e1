import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import Fastify from 'fastify'
import fingerpost from '../../src/index.ts'
import { listen, talk } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'

const CSS = 'a{color:red}'.repeat(100)

async function startShort(context: TestContext) {
  const app = Fastify()
  const seen: string[] = []
  app.addHook('onRequest', async (request) => void seen.push(request.url))
  await app.register(fingerpost, { root: await makeBuild(context, { 'css/ü.css': CSS }), shortCircuit: true })
  app.get('/', async () => 'page')
  return { seen, ...(await listen(context, app)) }
}

test('what the build has is answered before Fastify sees it, and nothing else', async (context) => {
  const { app, get, seen } = await startShort(context)
  const url = app.static('css/ü.css')
  for (const path of [
    url,
    '/static/css/%C3%BC.css',
    '/static/css/%c3%bc.css?v=1',
    '/st%61tic/css/%C3%BC.css',
  ]) {
    assert.equal((await get(path)).body.toString(), CSS, path)
    assert.equal((await get(path, {}, 'HEAD')).status, 200)
  }
  assert.deepEqual(seen, [])
  assert.equal((await get('/')).body.toString(), 'page')
  assert.equal((await get('/static/nope.css')).status, 404)
  assert.equal((await get(url, {}, 'POST')).status, 405)
  assert.equal(seen.length, 3)
})

test('the short way gives the same headers as the long one', async (context) => {
  const root = await makeBuild(context, { 'a.css': CSS })
  const answers = []
  for (const shortCircuit of [true, false]) {
    const app = Fastify()
    await app.register(fingerpost, { root, shortCircuit })
    const { get } = await listen(context, app)
    const asked = [{}, { range: 'bytes=0-4' }, { 'if-none-match': '*' }, { 'accept-encoding': 'br' }]
    const each = await Promise.all(asked.map((headers) => get('/static/a.css', headers)))
    answers.push(
      each.map(({ status, headers, body }) => ({ status, headers: { ...headers, date: '' }, body })),
    )
  }
  assert.deepEqual(answers[0], answers[1])
})

test('absolute-form targets are answered', async (context) => {
  const { port } = await startShort(context)
  const request =
    'GET http://any.example/static/css/%C3%BC.css HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  assert.match((await talk(port, request)).toString(), /^HTTP\/1\.1 200 /)
})

test('inject, which has no server, takes the route', async (context) => {
  const { app } = await startShort(context)
  const { statusCode, body } = await app.inject('/static/css/%C3%BC.css')
  assert.deepEqual([statusCode, body], [200, CSS])
})
