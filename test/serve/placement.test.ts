import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'
import fingerpost from '../../src/index.ts'
import { listen, start, talk } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

test('root files answer at the root, revalidating, and nothing else does', async (context) => {
  const root = await makeBuild(context, {
    'favicon.ico': 'icon',
    '.well-known/security.txt': 'mail us',
    'a.txt': 'a',
  })
  const { get } = await start(context, { root, rootFiles: ['favicon.ico', '.well-known/security.txt'] })
  const icon = await get('/favicon.ico')
  assert.deepEqual(
    [icon.status, icon.headers['cache-control'], icon.body.toString()],
    [200, 'no-cache', 'icon'],
  )
  assert.equal((await get('/.well-known/security.txt')).body.toString(), 'mail us')
  assert.equal((await get('/favicon.ico', {}, 'POST')).status, 405)
  assert.equal((await get('/a.txt')).status, 404)
})

test('root files may answer at another path than their own', async (context) => {
  const root = await makeBuild(context, { 'icons/fav.ico': 'icon' })
  const { get } = await start(context, { root, rootFiles: { '/favicon.ico': 'icons/fav.ico' } })
  assert.equal((await get('/favicon.ico')).body.toString(), 'icon')
})

test('a root file the build does not have stops the start', async (context) => {
  const root = await makeBuild(context, { 'favicon.ico': 'icon' })
  const app = Fastify()
  context.after(() => app.close())
  await assert.rejects(async () => await app.register(fingerpost, { root, rootFiles: ['favicon.icon'] }), {
    code: 'FP_UNKNOWN_NAME',
    message: /favicon\.ico/,
  })
})

test('an index file answers for its folder, and the folder’s name leads there', async (context) => {
  const root = await makeBuild(context, {
    'index.html': 'top',
    'docs/a b/index.html': 'docs',
    'docs/x.txt': '',
  })
  const { get } = await start(context, { root, index: 'index.html' })
  assert.equal((await get('/static/')).body.toString(), 'top')
  assert.equal((await get('/static/docs/a%20b/')).body.toString(), 'docs')
  const answer = await get('/static/docs/a%20b')
  assert.deepEqual([answer.status, answer.headers['location']], [301, './a%20b/'])
  assert.equal((await get('/static/docs/')).status, 404)
  assert.equal((await get('/static/docs')).status, 404)
  assert.equal((await get('/static//evil.example/')).status, 404)
})

for (const shortCircuit of [false, true]) {
  test(`the way to a folder keeps the query, shortCircuit ${shortCircuit}`, async (context) => {
    const root = await makeBuild(context, { 'docs/index.html': 'docs' })
    const { port } = await start(context, { root, index: 'index.html', shortCircuit })
    const answer = await talk(
      port,
      'GET /static/docs?q=a+%C3%BC&r="<" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    )
    assert.match(answer.toString(), /^Location: \.\/docs\/\?q=a\+%C3%BC&r=%22%3C%22\r$/m)
  })
}

test('a folder does not lead to itself in an app that ignores trailing slashes', async (context) => {
  const root = await makeBuild(context, { 'docs/index.html': 'docs' })
  const { get } = await start(context, { root, index: 'index.html' }, { ignoreTrailingSlash: true })
  assert.equal((await get('/static/docs')).headers['location'], './docs/')
  assert.equal((await get('/static/docs/')).body.toString(), 'docs')
  assert.equal((await get('/static/docs/?q=/')).body.toString(), 'docs')
})

test('a build at the root of the app leaves the app its routes', async (context) => {
  const root = await makeBuild(context, { 'index.html': 'top', 'a.txt': 'a' }, { url: '/' })
  const app = Fastify()
  await app.register(fingerpost, { root, index: 'index.html', fallthrough: true })
  app.get('/api', async () => 'api')
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('ours'))
  const { get } = await listen(context, app)
  assert.equal((await get('/')).body.toString(), 'top')
  assert.equal((await get('/a.txt')).body.toString(), 'a')
  assert.equal((await get('/api')).body.toString(), 'api')
  assert.equal((await get('/nope')).body.toString(), 'ours')
})

test('folders outside the build are for sendFile and download alone', async (context) => {
  const folder = makeTree(context, { 'report.txt': 'extra' })
  const app = Fastify()
  await app.register(fingerpost, { root: await makeBuild(context, { 'a.txt': 'a' }), folders: [folder] })
  app.get('/report', (_request, reply) => reply.sendFile('report.txt'))
  app.get('/take', (_request, reply) => reply.download('report.txt', 'yours.txt'))
  const { get } = await listen(context, app)
  assert.equal((await get('/report')).body.toString(), 'extra')
  assert.match(String((await get('/take')).headers['content-disposition']), /yours\.txt/)
  assert.equal((await get('/static/report.txt')).status, 404)
  assert.equal((await get('/report.txt')).status, 404)
})

test('two plugins at one path are refused with what to do', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  const app = Fastify()
  context.after(() => app.close())
  app.get('/static/*', () => 'mine')
  await assert.rejects(async () => app.register(fingerpost, { root }), {
    code: 'FP_CONFIG',
    message: /Another plugin already serves \/static\/\*\.\s+Give one of them another path/,
  })
})

test('a plugin that comes second to a path is refused with what to do; another host may have the path', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { root })
  app.route({
    method: 'GET',
    url: '/static/*',
    constraints: { host: 'other.example' },
    handler: () => 'other',
  })
  await assert.rejects(async () => app.register(fastifyStatic, { root, prefix: '/static/' }), {
    code: 'FP_CONFIG',
    message: /Another plugin already serves \/static\/\*\.\s+Give one of them another path/,
  })
})

test('no route of live mode is in OpenAPI', async (context) => {
  const app = Fastify()
  context.after(() => app.close())
  const routes: unknown[] = []
  app.addHook('onRoute', ({ url, schema }) => void routes.push([url, schema]))
  await app.register(fingerpost, { live: true, sources: [makeTree(context, { 'a.css': 'a{}' })] })
  assert.ok(routes.length > 4)
  for (const [url, schema] of routes as [string, unknown][]) assert.deepEqual(schema, { hide: true }, url)
})

test('no route of a build is in OpenAPI', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  const app = Fastify()
  context.after(() => app.close())
  const routes: unknown[] = []
  app.addHook('onRoute', ({ url, method, schema }) => void routes.push([url, String(method), schema]))
  await app.register(fingerpost, { root, rootFiles: ['a.css'] })
  assert.equal(routes.length, 6)
  for (const [url, method, schema] of routes as [string, string, unknown][])
    assert.deepEqual(schema, { hide: true }, `${method} ${url}`)
})
