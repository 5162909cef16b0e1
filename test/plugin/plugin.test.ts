import assert from 'node:assert/strict'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import { parseManifest } from '../../src/core/manifest/manifest.ts'
import fingerpost from '../../src/index.ts'
import { listen, start } from '../support/exchange.ts'
import { makeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

const CSS = 'body { color: rebeccapurple; margin: 0 }\n'.repeat(50)
const PNG = Buffer.from('89504e470d0a1a0a', 'hex')
const FILES = { 'css/site.css': CSS, 'img/ü b.png': PNG, 'empty.txt': '' }
const YEAR = 'public, max-age=31536000, immutable'

test('a hashed name is immutable and carries every promised header', async (context) => {
  const { app, get } = await start(context, { root: await makeBuild(context, FILES) })
  const { status, headers, body } = await get(app.static('css/site.css'))
  assert.equal(status, 200)
  assert.equal(body.toString(), CSS)
  assert.equal(headers['cache-control'], YEAR)
  assert.equal(headers['content-type'], 'text/css; charset=utf-8')
  assert.equal(headers['content-length'], String(CSS.length))
  assert.equal(headers['vary'], 'Accept-Encoding')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['access-control-allow-origin'], '*')
  assert.equal(headers['accept-ranges'], 'bytes')
  assert.match(headers['etag'] ?? '', /^"[0-9a-f]{16}"$/)
  assert.equal(headers['content-encoding'], undefined)
})

test('a logical name answers with the same bytes and is asked for again every time', async (context) => {
  const { app, get } = await start(context, { root: await makeBuild(context, FILES) })
  const logical = await get('/static/css/site.css')
  const hashed = await get(app.static('css/site.css'))
  assert.equal(logical.headers['cache-control'], 'no-cache')
  assert.equal(logical.headers['etag'], hashed.headers['etag'])
  assert.deepEqual(logical.body, hashed.body)
})

test('each encoding has its own strong entity tag, the same for every server', async (context) => {
  const root = await makeBuild(context, FILES)
  const [one, other] = [await start(context, { root }), await start(context, { root })]
  const tags = new Set<string | undefined>()
  for (const coding of ['br', 'gzip', 'identity']) {
    const answer = await one.get('/static/css/site.css', { 'accept-encoding': coding })
    const again = await other.get('/static/css/site.css', { 'accept-encoding': coding })
    assert.equal(answer.headers['etag'], again.headers['etag'])
    assert.equal(answer.headers['vary'], 'Accept-Encoding')
    tags.add(answer.headers['etag'])
    const decoded =
      coding === 'br'
        ? brotliDecompressSync(answer.body)
        : coding === 'gzip'
          ? gunzipSync(answer.body)
          : answer.body
    assert.equal(decoded.toString(), CSS)
    assert.equal(answer.headers['content-encoding'], coding === 'identity' ? undefined : coding)
  }
  assert.equal(tags.size, 3)
})

test('an asset of one variant has no Vary and is sent even to who refuses it', async (context) => {
  const { get } = await start(context, { root: await makeBuild(context, FILES) })
  const answer = await get('/static/img/%C3%BC%20b.png', { 'accept-encoding': 'gzip, *;q=0' })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['vary'], undefined)
  assert.deepEqual(answer.body, PNG)
})

test('who refuses every variant gets 406', async (context) => {
  const { get } = await start(context, { root: await makeBuild(context, FILES) })
  const answer = await get('/static/css/site.css', { 'accept-encoding': '*;q=0' })
  assert.equal(answer.status, 406)
  assert.equal(answer.headers['vary'], 'Accept-Encoding')
  assert.equal(answer.headers['cache-control'], 'no-store')
})

test('304 has what RFC 9110 §15.4.5 wants, CORS included, and nothing of the content', async (context) => {
  const { app, get } = await start(context, { root: await makeBuild(context, FILES) })
  const url = app.static('css/site.css')
  const { headers } = await get(url, { 'accept-encoding': 'br' })
  const answer = await get(url, { 'accept-encoding': 'br', 'if-none-match': headers['etag'] })
  assert.equal(answer.status, 304)
  assert.equal(answer.body.length, 0)
  for (const name of ['etag', 'cache-control', 'vary', 'access-control-allow-origin'])
    assert.equal(answer.headers[name], headers[name], name)
  for (const name of ['content-type', 'content-length', 'content-encoding', 'accept-ranges'])
    assert.equal(answer.headers[name], undefined, name)
})

test('the tag of one encoding does not validate another', async (context) => {
  const { get } = await start(context, { root: await makeBuild(context, FILES) })
  const { headers } = await get('/static/css/site.css', { 'accept-encoding': 'gzip' })
  const answer = await get('/static/css/site.css', {
    'accept-encoding': 'br',
    'if-none-match': headers['etag'],
  })
  assert.equal(answer.status, 200)
})

test('HEAD has the headers of GET, whatever range it asks for, and no body', async (context) => {
  const { get } = await start(context, { root: await makeBuild(context, FILES) })
  const asked = { 'accept-encoding': 'gzip' }
  const got = await get('/static/css/site.css', asked)
  const head = await get('/static/css/site.css', { ...asked, range: 'bytes=0-1' }, 'HEAD')
  const stable = (headers: typeof got.headers) => ({ ...headers, date: undefined })
  assert.equal(head.status, 200)
  assert.deepEqual(stable(head.headers), stable(got.headers))
  assert.equal(head.body.length, 0)
})

test('an empty file is an empty answer', async (context) => {
  const { get } = await start(context, { root: await makeBuild(context, FILES) })
  const answer = await get('/static/empty.txt')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-length'], '0')
})

test('what is not in the manifest is 404 and never remembered', async (context) => {
  const root = await makeBuild(context, FILES)
  const { app, get } = await start(context, { root })
  const hashed = app.static('css/site.css')
  const misses = [
    ...['/static/', '/static/nope.css', '/static/manifest.json', '/static/history.json', '/static/css'],
    ...['/static/css/', `${hashed}.br`, `${hashed}.gz`, '/static/css/site.css.br', '/static/.htaccess'],
    ...['/static//css/site.css', '/static/./css/site.css', '/static/css/../css/site.css'],
    ...['/static/%2e%2e/manifest.json', '/static/css%5Csite.css', '/static/CSS/site.css'],
    ...['/static/__proto__', '/static/constructor', '/static/css/site.css%00', '/static/css/site.css/'],
    '/static/css/site.0000000000000000.css',
  ]
  for (const path of misses) {
    const answer = await get(path)
    assert.equal(answer.status, 404, path)
    assert.equal(answer.headers['cache-control'], 'no-store', path)
    assert.equal(answer.body.toString(), 'Not found\n', path)
    const head = await get(path, {}, 'HEAD')
    assert.deepEqual([head.status, head.body.length], [404, 0], path)
  }
})

test('a query changes nothing', async (context) => {
  const { get } = await start(context, { root: await makeBuild(context, FILES) })
  assert.equal((await get('/static/css/site.css?v=1&w=%zz')).body.toString(), CSS)
})

test('another method is 405 with Allow, before its body is looked at', async (context) => {
  const app = Fastify()
  app.addHttpMethod('PROPFIND')
  await app.register(fingerpost, { root: await makeBuild(context, FILES) })
  const { get } = await listen(context, app)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND']) {
    const answer = await get('/static/css/site.css', { 'content-type': 'application/x-unheard-of' }, method)
    assert.equal(answer.status, 405, method)
    assert.equal(answer.headers['allow'], 'GET, HEAD, OPTIONS')
    assert.equal((await get('/static/nope.css', {}, method)).status, 404)
  }
})

test('OPTIONS answers a preflight', async (context) => {
  const { get } = await start(context, { root: await makeBuild(context, FILES) })
  const answer = await get('/static/css/site.css', { 'access-control-request-method': 'GET' }, 'OPTIONS')
  assert.equal(answer.status, 204)
  assert.equal(answer.headers['access-control-allow-origin'], '*')
  assert.match(answer.headers['access-control-allow-headers'] ?? '', /Range/)
})

test('the routes are hidden from OpenAPI and log at the level of their registration', async (context) => {
  const app = Fastify()
  const seen: unknown[] = []
  app.addHook('onRoute', ({ schema, logLevel }) => void seen.push([schema, logLevel]))
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  await app.register(fingerpost, { root, rootFiles: { '/b.css': 'a.css' }, logLevel: 'warn' })
  assert.deepEqual(seen, Array(6).fill([{ hide: true }, 'warn']))
  await app.close()
})

test('static() is there for the app, its replies and templates', async (context) => {
  const app = Fastify()
  await app.register(fingerpost, { root: await makeBuild(context, FILES) })
  const url = app.static('css/site.css')
  app.get('/', async (_request, reply) => {
    const { locals } = reply as unknown as { locals: { static(name: string): string } }
    return [reply.static('css/site.css'), locals.static('css/site.css')]
  })
  app.get('/own', async (_request, reply) => {
    const holder = reply as unknown as { locals: Record<string, unknown> }
    holder.locals = { user: 'ada' }
    return [holder.locals['user'], typeof holder.locals['static']]
  })
  const { get } = await listen(context, app)
  assert.deepEqual(JSON.parse((await get('/')).body.toString()), [url, url])
  assert.deepEqual(JSON.parse((await get('/own')).body.toString()), ['ada', 'function'])
  assert.match(app.staticIntegrity('css/site.css'), /^sha384-/)
  assert.throws(() => app.static('css/sitee.css'), { code: 'FP_UNKNOWN_NAME', message: /css\/site\.css/ })
})

test('static() reaches templates where the app has locals of its own', async (context) => {
  const app = Fastify()
  app.decorateReply('locals' as never, null as never)
  await app.register(fingerpost, { root: await makeBuild(context, FILES) })
  app.get('/', async (_request, reply) => {
    const { locals } = reply as unknown as { locals: { static(name: string): string } }
    return locals.static('css/site.css')
  })
  const { get } = await listen(context, app)
  assert.equal((await get('/')).body.toString(), app.static('css/site.css'))
})

for (const [name, text] of [
  ['half written', '{"version":1,"url":"/static/","asse'],
  ['of another version', '{"version":2}'],
  ['with a wrong field', '{"version":1,"url":"/static/","digest":"x","assets":{"a.css":{"file":7}}}'],
  ['with a path that climbs', '{"version":1,"url":"/static/","digest":"x","assets":{"../a.css":{}}}'],
] as const) {
  test(`a manifest ${name} stops the start and says what to run`, async (context) => {
    const root = makeTree(context, { 'manifest.json': text })
    const app = Fastify()
    context.after(() => app.close())
    await assert.rejects(async () => await app.register(fingerpost, { root }), {
      code: 'FP_MANIFEST',
      message: /fingerpost build/,
    })
  })
}

test('without a manifest the start stops and says what to run', async (context) => {
  const app = Fastify()
  context.after(() => app.close())
  await assert.rejects(async () => await app.register(fingerpost, { root: makeTree(context) }), {
    code: 'FP_MANIFEST',
    message: /does not exist[\s\S]*fingerpost build/,
  })
})

test('a wrong option stops the start and names it', async (context) => {
  const root = await makeBuild(context, FILES)
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ root, shortcircuit: true }, /shortCircuit/],
    [{ root: 7 }, /\broot\b/],
    [
      { live: { sources: ['assets'] } },
      /no option "sources" in live\..*stands beside it: \{ live: …, sources: … \}/s,
    ],
    [
      { live: { sourcs: [] } },
      /no option "sourcs" in live\..*reload, watch, config, allowedHosts, vite, force/s,
    ],
    [{ root, cors: 'a\nb' }, /cors/],
    [{ root, cache: { maxBytes: '64mb' } }, /maxBytes/],
    [{ root, headers: [{ match: '*', set: { 'Content-Length': '1' } }] }, /Content-Length/],
    [{ root, headers: [{ match: '*', set: { 'bad name': '1' } }] }, /bad name/],
    [{ root, headers: [{ match: '*', set: { Good: 'a\r\nb' } }] }, /Good/],
    [{ root, headers: [{ match: '*' }] }, /match, set/],
    [{ root, prefix: 'static' }, /prefix/],
    // Node's timers take what is longer for one millisecond.
    [{ root, stallSeconds: 2_147_484 }, /stallSeconds should be a whole number from 1 to 2147483/],
    [{ root, stallSeconds: 0 }, /stallSeconds/],
    [{ root, watch: { intervalMs: 2 ** 31 } }, /intervalMs/],
  ]
  for (const [options, message] of wrong) {
    const app = Fastify()
    context.after(() => app.close())
    await assert.rejects(async () => await app.register(fingerpost, options as { root: string }), {
      code: 'FP_CONFIG',
      message,
    })
  }
})

test('cache headers, CORS and its kin follow the options', async (context) => {
  const root = await makeBuild(context, FILES)
  const lastModified = new Date('2026-01-02T03:04:05.678Z')
  const { app, get } = await start(context, {
    root,
    cors: 'https://app.example',
    crossOriginResourcePolicy: 'cross-origin',
    timingAllowOrigin: '*',
    lastModified,
    cacheControl: { hashed: 'public, max-age=60', logical: 'public, max-age=5' },
  })
  const hashed = await get(app.static('css/site.css'))
  assert.equal(hashed.headers['cache-control'], 'public, max-age=60')
  assert.equal(hashed.headers['access-control-allow-origin'], 'https://app.example')
  assert.equal(hashed.headers['cross-origin-resource-policy'], 'cross-origin')
  assert.equal(hashed.headers['timing-allow-origin'], '*')
  assert.equal(hashed.headers['last-modified'], 'Fri, 02 Jan 2026 03:04:05 GMT')
  const logical = await get('/static/css/site.css', { 'if-modified-since': hashed.headers['last-modified'] })
  assert.equal(logical.status, 304)
  assert.equal(logical.headers['cache-control'], 'public, max-age=5')
  assert.equal(logical.headers['timing-allow-origin'], '*')
})

test('rules set headers by glob, later ones win', async (context) => {
  const root = await makeBuild(context, { 'a/x.txt': 'x', 'a/b/y.txt': 'y', 'z.css': 'z' })
  const { get } = await start(context, {
    root,
    headers: [
      { match: 'a/**', set: { 'X-Tag': 'a', 'Cache-Control': 'no-store' } },
      { match: '**/*.txt', set: { 'x-tag': 'txt', Vary: 'Origin', 'Content-Type': 'text/x-own' } },
    ],
  })
  const { headers } = await get('/static/a/b/y.txt')
  assert.equal(headers['x-tag'], 'txt')
  assert.equal(headers['cache-control'], 'no-store')
  assert.match(headers['vary'] ?? '', /Origin/)
  assert.equal(headers['content-type'], 'text/x-own')
  assert.equal((await get('/static/z.css')).headers['x-tag'], undefined)
})

test('headers that hooks have set stay, Vary is joined, and onResponse runs', async (context) => {
  const app = Fastify()
  const seen: number[] = []
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('x-request-id', '7').header('vary', 'Origin').header('content-type', 'text/html')
    reply.header('access-control-allow-origin', 'https://one.example')
    reply.header('set-cookie', ['a=1', 'b=2'])
  })
  app.addHook('onResponse', async (_request, reply) => void seen.push(reply.statusCode))
  await app.register(fingerpost, { root: await makeBuild(context, FILES) })
  const { get } = await listen(context, app)
  const { headers } = await get('/static/css/site.css')
  assert.equal(headers['x-request-id'], '7')
  assert.equal(headers['vary'], 'Origin, Accept-Encoding')
  assert.equal(headers['content-type'], 'text/css; charset=utf-8')
  assert.equal(headers['access-control-allow-origin'], 'https://one.example')
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2'])
  await get('/static/css/site.css', { 'if-none-match': '*' })
  assert.deepEqual(seen, [200, 304])
})

test('what a hook says of some other body never stands beside these bytes', async (context) => {
  const app = Fastify()
  const wrong = {
    'content-type': 'text/html',
    'content-length': '99',
    'content-encoding': 'x',
    'transfer-encoding': 'chunked',
    etag: '"x"',
  }
  app.addHook('onRequest', async (_request, reply) => void reply.headers(wrong))
  await app.register(fingerpost, { root: await makeBuild(context, FILES) })
  const { get } = await listen(context, app)
  for (const [path, headers] of [
    ['/static/css/site.css', {}],
    ['/static/css/site.css', { 'if-none-match': '*' }],
    ['/static/css/site.css', { range: 'bytes=0-0' }],
    ['/static/nope', {}],
  ] as const) {
    const answer = await get(path, headers)
    for (const [name, value] of Object.entries(wrong)) assert.notEqual(answer.headers[name], value, name)
  }
})

test('with fallthrough a miss is the app’s own', async (context) => {
  const app = Fastify()
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('our own page'))
  await app.register(fingerpost, { root: await makeBuild(context, FILES), fallthrough: true })
  const { get } = await listen(context, app)
  assert.equal((await get('/static/nope.css')).body.toString(), 'our own page')
  assert.equal((await get('/static/nope.css', {}, 'POST')).body.toString(), 'our own page')
})

test('with fallthrough a page that takes its time is awaited, also after a look for a new build', async (context) => {
  const app = Fastify()
  app.setNotFoundHandler(async (_request, reply) => {
    await sleep(20)
    return reply.code(404).send('our own page')
  })
  await app.register(fingerpost, { root: await makeBuild(context, FILES), fallthrough: true })
  const { get } = await listen(context, app)
  // The first makes the server look, the second doesn't.
  for (const name of ['nope.0123456789abcdef.css', 'nope.css']) {
    const answer = await get(`/static/${name}`)
    assert.deepEqual([answer.status, answer.body.toString()], [404, 'our own page'], name)
  }
})

test('a build is served below the scope it is registered in', async (context) => {
  const app = Fastify()
  await app.register(
    async (scope) => {
      await scope.register(fingerpost, { root: await makeBuild(context, FILES) })
      scope.get('/', async () => scope.static('css/site.css'))
    },
    { prefix: '/shop' },
  )
  const { get } = await listen(context, app)
  const url = (await get('/shop/')).body.toString()
  assert.match(url, /^\/shop\/static\/css\/site\./)
  assert.equal((await get(url)).status, 200)
  assert.equal((await get('/static/css/site.css')).status, 404)
})

test('a build whose url has the scope’s prefix already isn’t given it twice', async (context) => {
  const app = Fastify()
  const root = await makeBuild(context, FILES, { url: '/shop/static/' })
  await app.register(async (scope) => await scope.register(fingerpost, { root }), { prefix: '/shop' })
  const { get } = await listen(context, app)
  assert.equal((await get('/shop/static/css/site.css')).status, 200)
})

test('a build for a CDN is served by the origin, and its URLs are the CDN’s', async (context) => {
  const root = await makeBuild(context, FILES, { url: 'https://cdn.example/s/' })
  const { app, get } = await start(context, { root })
  assert.match(app.static('css/site.css'), /^https:\/\/cdn\.example\/s\/css/)
  assert.equal((await get('/s/css/site.css')).status, 200)
  const moved = await start(context, { root, prefix: '/elsewhere' })
  assert.match(moved.app.static('css/site.css'), /^https:\/\/cdn\.example\/s\/css/)
  assert.equal((await moved.get('/elsewhere/css/site.css')).status, 200)
})

test('several builds live in one app, one of them with static()', async (context) => {
  const app = Fastify()
  await app.register(fingerpost, { root: await makeBuild(context, FILES) })
  const second = await makeBuild(context, { 'a.txt': 'second' }, { url: '/admin-static/' })
  await app.register(fingerpost, { root: second, decorate: false })
  const { get } = await listen(context, app)
  assert.equal((await get('/admin-static/a.txt')).body.toString(), 'second')
  assert.equal((await get('/static/a.txt')).status, 404)
  assert.equal((await get(app.static('css/site.css'))).status, 200)
})

test('two builds that both want static() are an error that says what to do', async (context) => {
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { root: await makeBuild(context, FILES) })
  const second = await makeBuild(context, { 'a.txt': 'second' }, { url: '/two/' })
  await assert.rejects(async () => await app.register(fingerpost, { root: second }), {
    code: 'FP_CONFIG',
    message: /decorate: false/,
  })
})

test('a file that was changed, cut or removed under the server is a 500 that tells nothing', async (context) => {
  const root = await makeBuild(context, { 'a.txt': 'first', 'b.txt': 'other' })
  const { app, get } = await start(context, { root, cache: false })
  const manifest = parseManifest(readFileSync(join(root, 'manifest.json'), 'utf8'), 'manifest.json')
  writeFileSync(join(root, manifest.assets.get('a.txt')?.file ?? ''), 'fir')
  writeFileSync(join(root, manifest.assets.get('b.txt')?.file ?? ''), 'OTHER')
  for (const name of ['a.txt', 'b.txt']) {
    const answer = await get(app.static(name))
    assert.equal(answer.status, 500)
    assert.equal(answer.body.toString(), 'The file is temporarily unavailable\n')
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['etag'], undefined)
  }
})

test('the start reads the manifest and nothing else: no file of the build need be there', async (context) => {
  const root = await makeBuild(context, FILES)
  for (const folder of ['css', 'img']) rmSync(join(root, folder), { recursive: true })
  const { app, get } = await start(context, { root })
  assert.equal((await get(app.static('css/site.css'))).status, 404)
})

test('of a manifest nothing is made but what is asked for, whatever misses there are', async (context) => {
  const root = await makeBuild(
    context,
    Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`${n}.css`, ''])),
  )
  const { get } = await start(context, { root, watch: false })
  const { parse } = JSON
  let made = 0
  JSON.parse = (...words) => {
    made++
    return parse(...words)
  }
  try {
    for (const name of ['nope.css', 'gone.0123456789abcdef.css', '1.css/', '', 'manifest.json'])
      assert.equal((await get(`/static/${name}`)).status, 404)
    assert.equal(made, 0)
    for (let n = 0; n < 3; n++) assert.equal((await get('/static/7.css')).status, 200)
    assert.equal(made, 1)
  } finally {
    JSON.parse = parse
  }
})

test('helmet’s headers come with every file, and a policy of ours wins over its own', async (context) => {
  const app = Fastify()
  await app.register(helmet)
  const root = await makeBuild(context, FILES)
  await app.register(fingerpost, { root, crossOriginResourcePolicy: 'cross-origin' })
  const { get } = await listen(context, app)
  for (const asked of [{}, { 'if-none-match': '*' }, { range: 'bytes=0-1' }]) {
    const { headers } = await get('/static/css/site.css', asked)
    assert.match(String(headers['content-security-policy']), /default-src/)
    assert.match(String(headers['strict-transport-security']), /max-age/)
    assert.equal(headers['cross-origin-resource-policy'], 'cross-origin')
    assert.equal(headers['x-content-type-options'] ?? 'nosniff', 'nosniff')
  }
})

test('an asset that keeps its logical name is the immutable one', async (context) => {
  const root = await makeBuild(context, { 'app-BxYz1234.js': 'x' })
  const path = join(root, 'manifest.json')
  const text = readFileSync(path, 'utf8')
  const hashed = /app-BxYz1234\.[0-9a-f]{16}\.js/.exec(text)?.[0] ?? ''
  renameSync(join(root, hashed), join(root, 'app-BxYz1234.js'))
  writeFileSync(path, text.replace(hashed, 'app-BxYz1234.js'))
  const { app, get } = await start(context, { root })
  assert.equal(app.static('app-BxYz1234.js'), '/static/app-BxYz1234.js')
  const answer = await get('/static/app-BxYz1234.js')
  assert.deepEqual([answer.status, answer.headers['cache-control']], [200, YEAR])
})
