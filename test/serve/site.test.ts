import assert from 'node:assert/strict'
import { readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Fastify from 'fastify'
import { createDigester } from '../../src/core/digest.ts'
import fingerpost from '../../src/index.ts'
import { createFolderSource } from '../../src/serve/manifest-source.ts'
import { parseServeOptions } from '../../src/serve/options.ts'
import { createSite } from '../../src/serve/site.ts'
import { listen, start } from '../support/exchange.ts'
import { makeBuild, writeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'

test('the answers for a name are prepared once', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  let made = 0
  const matches = () => ++made < 0
  const mount = { route: '/static/', path: '/app/static/', url: '/app/static/' }
  const site = createSite(await createFolderSource(root).load(), {
    settings: parseServeOptions({ root }),
    rules: [{ rule: { match: '*', set: {} }, matches }],
    mount,
    digester: await createDigester(),
    log: Fastify().log,
  })
  const file = site.current.manifest.assets.get('a.css')?.file ?? ''
  const found = site.answer(file, 'GET', {})
  assert.notEqual(found, undefined)
  assert.equal(site.answer(file, 'GET', {}), found)
  assert.equal(made, 1)
})

test('names that are not in the build leave nothing in memory', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}', 'docs/index.html': '' })
  const { app, get } = await start(context, { root, index: 'index.html' })
  for (let n = 0; n < 50; n++) await get(`/static/${n}/unknown.0123456789abcdef.css`)
  assert.equal(app.staticStats().bodies, 0)
  const site = createSite(await createFolderSource(root).load(), {
    settings: parseServeOptions({ root, index: 'index.html' }),
    rules: [],
    mount: { route: '/static/', path: '/static/', url: '/static/' },
    digester: await createDigester(),
    log: Fastify().log,
  })
  for (let n = 0; n < 1000; n++) site.answer(`${n}/unknown.0123456789abcdef.css`, 'GET', {})
  assert.equal(site.current.responders.size, 0)
})

test('a guard holds for every spelling: others lead to the one that it knows', async (context) => {
  const root = await makeBuild(context, { '@team/a+b.txt': 'secret', 'what?.txt': 'public' })
  for (const shortCircuit of [false, true]) {
    const app = Fastify()
    await app.register(fingerpost, { root, watch: false, shortCircuit })
    if (!shortCircuit) app.get('/static/@team/*', (_request, reply) => reply.code(403).send('guarded'))
    const { get } = await listen(context, app)
    const canonical = '/static/@team/a+b.txt'
    assert.equal((await get(canonical)).status, shortCircuit ? 200 : 403)
    for (const other of ['%40team/a+b.txt', '%40team/a%2Bb.txt', '%40team/a%2bb.txt?v=1']) {
      const answer = await get(`/static/${other}`)
      assert.equal(answer.status, 301, other)
      assert.equal(answer.headers.location, canonical + (other.includes('?') ? '?v=1' : ''))
      assert.ok(!answer.body.includes('secret'))
    }
    // As a request through a proxy is sent (RFC 9112 §3.2.2).
    const absolute = await get('http://x/static/%40team/a+b.txt')
    assert.deepEqual([absolute.status, absolute.headers.location], [301, canonical])
    assert.equal((await get('/static/what%3F.txt')).status, 200)
    assert.equal((await get('/static/what%3f.txt')).headers.location, '/static/what%3F.txt')
  }
})

test('a guard holds in an app that overlooks letter case, doubled slashes and parameters', async (context) => {
  const root = await makeBuild(context, { '@team/a.txt': 'secret' })
  const app = Fastify({ routerOptions: { ignoreDuplicateSlashes: true, caseSensitive: false } })
  await app.register(
    async (scope) => {
      await scope.register(fingerpost, { root, watch: false, prefix: '/static/' })
      scope.get('/static/@team/*', (_request, reply) => reply.code(403).send('guarded'))
    },
    { prefix: '/:tenant' },
  )
  const { get } = await listen(context, app)
  for (const [path, location] of [
    ['/one/static/%40team/a.txt', '/one/static/@team/a.txt'],
    ['/one/STATIC/%40team/a.txt', '/one/STATIC/@team/a.txt'],
    ['//one//static//%40team/a.txt', '/one/static/@team/a.txt'],
  ] as const) {
    const answer = await get(path)
    assert.deepEqual([answer.status, answer.headers.location], [301, location], path)
  }
  assert.equal((await get('/one/static/@team/a.txt')).status, 403)
})

test('a name of a build that another process has published is found at once', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'old' })
  const { get } = await start(context, { root, watch: { intervalMs: 3_600_000 } })
  const manifest = await writeBuild(root, { 'a.css': 'new' })
  const file = manifest.assets.get('a.css')?.file ?? ''
  assert.equal((await get(`/static/${file}`)).body.toString(), 'new')
  assert.equal((await get('/static/a.0123456789abcdef.css')).status, 404)
})

test('so is a name without a digest of ours, as bundlers give', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'old' })
  const { get } = await start(context, { root, watch: { intervalMs: 3_600_000 } })
  await writeBuild(root, { 'main-B1xyZ9aQ.js': 'new' })
  assert.equal((await get('/static/main-B1xyZ9aQ.js')).body.toString(), 'new')
})

test('a build keeps reading from its folder when the link to it is swapped', async (context) => {
  const base = makeTree(context)
  const [one, two] = [
    await makeBuild(context, { 'a.css': 'one' }),
    await makeBuild(context, { 'b.css': 'two' }),
  ]
  const root = join(base, 'current')
  symlinkSync(one, root)
  const { app, get } = await start(context, { root, watch: false, cache: false })
  const url = app.static('a.css')
  unlinkSync(root)
  symlinkSync(two, root)
  assert.equal((await get(url)).body.toString(), 'one')
  assert.equal(await app.staticReload(), true)
  assert.equal((await get(url)).body.toString(), 'one', 'the earlier build is read from its own folder')
  assert.equal((await get(app.static('b.css'))).body.toString(), 'two')
})

test('a manifest whose type or etag cannot be sent is refused when it is read', async (context) => {
  const root = await makeBuild(context, { 'a.css': 'a{}' })
  const file = join(root, 'manifest.json')
  const text = readFileSync(file, 'utf8')
  for (const [from, to] of [
    ['text/css; charset=utf-8', 'text/css\u2028'],
    ['text/css; charset=utf-8', 'text/css\u0001'],
    [/"etag":"/, '"etag":"\u00e9 '],
  ] as const) {
    writeFileSync(file, text.replace(from, to))
    await assert.rejects(createFolderSource(root).load(), { code: 'FP_MANIFEST' })
  }
})

test('a name with a percent sign is never taken for the one its target spells', async (context) => {
  const files = { '100%25.txt': 'encoded', '100%.txt': 'plain', 'a?b.txt': 'question', a: 'a' }
  for (const shortCircuit of [false, true]) {
    const { get } = await start(context, { root: await makeBuild(context, files), shortCircuit })
    for (let round = 0; round < 2; round++) {
      assert.equal((await get('/static/100%2525.txt')).body.toString(), 'encoded')
      assert.equal((await get('/static/100%25.txt')).body.toString(), 'plain')
      assert.equal((await get('/static/a%3Fb.txt')).body.toString(), 'question')
      assert.equal((await get('/static/a?b.txt')).body.toString(), 'a')
    }
  }
})
