import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Fastify from 'fastify'
import { build } from '../../src/builder/build.ts'
import { fingerpost } from '../../src/plugin/plugin.ts'
import { makeTree } from '../support/tree.ts'
import { get, SITE, setUpLive } from './live-app.ts'

test('the names are those of a build, revalidating, and lead to the same bytes', async (context) => {
  const { app, folder } = await setUpLive(context)
  const out = makeTree(context)
  const { manifest } = await build({ sources: [folder], out, cache: false }, { cwd: folder })
  for (const [path, asset] of manifest.assets) {
    assert.equal(app.static(path), `/static/${asset.file}`)
    const response = await get(app, app.static(path))
    assert.equal(response.statusCode, 200)
    assert.equal(response.headers['content-type'], asset.type)
    assert.equal(response.headers['cache-control'], 'no-cache')
    assert.equal(response.headers['etag'], `"${asset.etag}"`)
    assert.equal(response.rawPayload.length, asset.size)
    assert.deepEqual((await get(app, `/static/${path}`)).rawPayload, response.rawPayload)
    const again = await get(app, app.static(path), { 'if-none-match': `"${asset.etag}"` })
    assert.equal(again.statusCode, 304)
  }
})

test('files are no dictionaries, and there are no deltas: they change all the time', async (context) => {
  const { app } = await setUpLive(context, { 'a.css': 'a{color:red}'.repeat(999) })
  const dictionary = { 'accept-encoding': 'br, dcb, dcz', 'available-dictionary': `:${'A'.repeat(43)}=:` }
  for (const url of [app.static('a.css'), '/static/a.css'])
    for (const headers of [{}, dictionary]) {
      const answer = await get(app, url, headers)
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.headers['use-as-dictionary'], undefined)
      assert.equal(answer.headers['content-encoding'], undefined)
      assert.doesNotMatch(String(answer.headers['vary']), /dictionary/i)
    }
})

test('a source may be a package, resolved from the working directory', async (context) => {
  const { app } = await setUpLive(context, SITE, { sources: ['lib=npm:fastify-plugin'] })
  assert.match((await get(app, app.static('lib/package.json'))).body, /"name": "fastify-plugin"/)
})

test('a save is visible at the next request, and the old name leads to the new bytes', async (context) => {
  const { app, folder } = await setUpLive(context)
  const before = app.static('css/site.css')
  await get(app, before)
  writeFileSync(join(folder, 'css/base.css'), 'a{color:tan}')
  await new Promise(setImmediate)
  const after = app.static('css/site.css')
  assert.notEqual(after, before)
  assert.match((await get(app, after)).body, /base\.[0-9a-f]{16}\.css/)
  assert.equal((await get(app, before)).body, (await get(app, after)).body)
  assert.equal((await get(app, app.static('css/base.css'))).body, 'a{color:tan}')
})

test('ranges, HEAD, wrong methods and misses are answered as in production', async (context) => {
  const { app } = await setUpLive(context)
  const url = app.static('css/base.css')
  const part = await get(app, url, { range: 'bytes=2-6' })
  assert.deepEqual([part.statusCode, part.body], [206, 'color'])
  const head = await app.inject({ method: 'HEAD', url })
  assert.deepEqual([head.statusCode, head.body, head.headers['content-length']], [200, '', '12'])
  assert.equal((await app.inject({ method: 'POST', url })).statusCode, 405)
  for (const miss of [
    '/static/none.css',
    '/static/',
    '/static/../package.json',
    '/static/%2e%2e/x',
    '/static/css',
  ]) {
    const response = await get(app, miss)
    assert.equal(response.statusCode, 404, miss)
  }
  assert.equal((await get(app, '/static/none.css')).headers['cache-control'], 'no-store')
})

test('a misspelt name gives the error page with the nearest names', async (context) => {
  const { app } = await setUpLive(context)
  app.get('/typo', () => app.staticUrl('css/sit.css'))
  const response = await get(app, '/typo')
  assert.equal(response.statusCode, 500)
  assert.match(response.json().message, /Did you mean css\/site\.css\?/)
})

test('live mode is refused in production unless it is meant', async (context) => {
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  context.after(() => {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  })
  await assert.rejects(setUpLive(context), { code: 'FP_CONFIG', message: /NODE_ENV is production/ })
  const { app } = await setUpLive(context, SITE, { live: { force: true } })
  assert.match(app.static('css/site.css'), /^\/static\/css\/site\./)
})

test('live says that it leaves a build alone', async (context) => {
  const lines: string[] = []
  const folder = makeTree(context, { 'assets/a.css': '', 'staticfiles/manifest.json': '{}' })
  const app = Fastify({
    logger: { level: 'info', stream: { write: (line: string) => void lines.push(line) } },
  })
  context.after(() => app.close())
  await app.register(fingerpost, {
    live: true,
    sources: [join(folder, 'assets')],
    root: join(folder, 'staticfiles'),
  })
  await app.ready()
  assert.ok(lines.some((line) => line.includes('ignores the build in')))
})

test('a url on a CDN, a prefix of the app and an absolute URL', async (context) => {
  const folder = makeTree(context, {
    'a/x.css': '',
    'conf.json': '{"sources":["a"],"url":"https://cdn.example/s/"}',
  })
  const app = Fastify()
  context.after(() => app.close())
  await app.register(
    async (scope) => {
      await scope.register(fingerpost, { live: { config: join(folder, 'conf.json') } })
      scope.get('/absolute', (_request, reply) => reply.send(reply.static('x.css', { absolute: true })))
      scope.get('/plain', () => scope.static('x.css'))
    },
    { prefix: '/app' },
  )
  const { body } = await get(app, '/app/plain')
  assert.match(body, /^\/app\/s\/x\.[0-9a-f]{16}\.css$/)
  assert.equal((await get(app, body)).statusCode, 200)
  const absolute = await app.inject({ url: '/app/absolute', headers: { host: 'example.org:8080' } })
  assert.equal(absolute.body, `http://example.org:8080${body}`)
})

test('a file that goes is a 404 at once', async (context) => {
  const { app, folder } = await setUpLive(context)
  const url = app.static('css/base.css')
  rmSync(join(folder, 'css/base.css'))
  await new Promise(setImmediate)
  assert.equal((await get(app, url)).statusCode, 404)
})

test('the import map is that of a build, for all modules and for entries', async (context) => {
  const files = {
    'app.js': "import { a } from './lib/a b.js'\nimport 'three'\nimport('./late.js')",
    'other.js': "import './lib/a b.js'",
    'late.js': "import './app.js'",
    'lib/a b.js': 'export const a = 1',
    'vendor/three.js': 'export default 3',
    'vendor/addons/x.js': '',
    'css/site.css': '',
  }
  for (const modules of ['rewrite', 'import-map'] as const) {
    const importMap = { three: 'vendor/three.js', 'three/addons/': 'vendor/addons/' }
    const options = { sources: ['a'], modules, importMap, cache: false as const }
    const folder = makeTree(context, { a: files, 'conf.json': JSON.stringify(options) })
    await build(options, { cwd: folder })
    const built = Fastify()
    const live = Fastify()
    context.after(() => Promise.all([built.close(), live.close()]))
    await built.register(fingerpost, { root: join(folder, 'staticfiles') })
    await live.register(fingerpost, { live: { config: join(folder, 'conf.json') } })
    const parse = (tag: string) => JSON.parse(/>(.*)</.exec(tag)?.[1] ?? '')
    assert.deepEqual(parse(live.importMap()), parse(built.importMap()))
    for (const entries of [['app.js'], ['other.js'], []]) {
      assert.deepEqual(parse(live.importMap({ entries })), parse(built.importMap({ entries })), `${entries}`)
    }
    assert.match(live.staticHelpers.importMapTag({ app: 'app.js' }), /"integrity":\{"[^"]+":"sha384-/)
    assert.match(live.importMap({ nonce: 'abc' }), /^<script type="importmap" nonce="abc">/)
    assert.throws(() => live.importMap({ entries: ['ap.js'] }), { code: 'FP_UNKNOWN_NAME' })
  }
})

test('the file of names follows the sources', async (context) => {
  const options = { sources: ['a'], types: 'names.d.ts' }
  const folder = makeTree(context, { 'a/a.css': '', 'conf.json': JSON.stringify(options) })
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { live: { config: join(folder, 'conf.json') } })
  const read = () => readFileSync(join(folder, 'names.d.ts'), 'utf8')
  assert.match(read(), /\n {4}"a\.css": true\n/)
  await app.listen({ host: '127.0.0.1', port: 0 })
  // Until all watches stand, changes are not reported.
  for (let i = 0; !read().includes('"new'); i++) {
    writeFileSync(join(folder, `a/new-${i}.css`), '')
    await new Promise((done) => setTimeout(done, 50))
  }
})

test('every answer has the headers it has from a build, but for its lifetime', async (context) => {
  const tree = { ...SITE, 'docs/index.html': '<h1>docs</h1>', 'docs/a b.html': 'b', LICENSE: 'mine' }
  const options = {
    index: 'index.html',
    rootFiles: ['LICENSE'],
    cors: 'https://example.org',
    headers: [{ match: '*.svg', set: { 'X-Rule': 'yes' } }],
  }
  const { app, folder } = await setUpLive(context, tree, { ...options, live: { reload: false } })
  const out = makeTree(context)
  const { manifest } = await build({ sources: [folder], out, encodings: [], cache: false }, { cwd: folder })
  const built = Fastify()
  context.after(() => built.close())
  await built.register(fingerpost, { root: out, ...options })
  const logical = [...manifest.assets.keys()].map((path) => `/static/${path}`)
  const hashed = [...manifest.assets.values()].map(({ file }) => `/static/${file}`)
  for (const url of [...logical, ...hashed, '/LICENSE', '/static/docs/', '/static/docs', '/static/none/']) {
    for (const method of ['GET', 'HEAD'] as const) {
      const [ours, theirs] = [await app.inject({ method, url }), await built.inject({ method, url })]
      const { 'cache-control': _, date: __, ...shape } = theirs.headers
      const { 'cache-control': lifetime, date: ___, ...found } = ours.headers
      assert.deepEqual([ours.statusCode, found], [theirs.statusCode, shape], url)
      assert.equal(lifetime, theirs.statusCode === 404 ? 'no-store' : 'no-cache', url)
    }
  }
})

test('files outside the sources are sent from their folders as in production', async (context) => {
  const folders = [makeTree(context, { 'report.txt': 'outside' })]
  const { app } = await setUpLive(context, SITE, { folders })
  app.get('/report', (_request, reply) => reply.sendFile('report.txt'))
  assert.equal((await get(app, '/report')).body, 'outside')
})

test('only known hosts are answered, and no other origin', async (context) => {
  const { app } = await setUpLive(context, SITE, { live: { allowedHosts: ['Shop.test', '.example.org'] } })
  const paths = ['/static/css/base.css', app.static('css/site.css'), '/static/__fingerpost/live.js']
  const statusOf = async (url: string, host: string) => (await get(app, url, { host })).statusCode
  for (const host of [
    ...['localhost', 'LOCALHOST:3000', 'a.localhost', '127.0.0.1:80', '[::1]:3000', '10.0.0.7'],
    ...[hostname(), `${hostname()}.local:3000`, 'shop.test:8080', 'deep.example.org'],
  ]) {
    for (const path of paths) assert.equal(await statusOf(path, host), 200, `${path} ${host}`)
  }
  for (const host of [
    'evil.test',
    'shop.test.evil.test',
    'example.org',
    'localhost.evil.test',

    '127.0.0.1.evil',
  ]) {
    for (const path of paths.slice(0, 2)) assert.equal(await statusOf(path, host), 403, `${path} ${host}`)
    assert.equal(await statusOf('/static/__fingerpost/events', host), 403, host)
  }
  assert.match(
    (await get(app, '/static/css/base.css', { host: 'evil.test' })).body,
    /"evil\.test".*live\.allowedHosts/,
  )
  const { headers } = await get(app, '/static/css/base.css', { origin: 'http://evil.test' })
  assert.equal(headers['access-control-allow-origin'], undefined)
  const open = await setUpLive(context, SITE, { live: { allowedHosts: true }, cors: '*' })
  const answer = await get(open.app, '/static/css/base.css', { host: 'evil.test' })
  assert.deepEqual([answer.statusCode, answer.headers['access-control-allow-origin']], [200, '*'])
})
