import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { test } from 'node:test'
import Fastify from 'fastify'
import { build } from '../../../src/builder/build.ts'
import fingerpost from '../../../src/index.ts'
import { createManifestResolver } from '../../../src/resolve/manifest-resolver.ts'
import { type PreloadFile, preloadLinks } from '../../../src/serve/page/preload.ts'
import { listen, talk } from '../../support/exchange.ts'
import { makeBuild, writeBuild } from '../../support/fixture-build.ts'
import { makeTree } from '../../support/tree.ts'

const FILES = {
  'css/site.css': 'site',
  'css/base.css': 'base',
  'font/a.woff2': 'woff2',
  'font/a.woff': 'woff',
  'img/logo.svg': '<svg/>',
  'js/app.js': 'app',
  'js/part.js': 'part',
  'js/deep.js': 'deep',
  'js/later.js': 'later',
  'data.json': '{}',
}
const OPTIONS = {
  references: {
    'css/site.css': [
      { path: 'css/base.css', kind: 'css-import' },
      { path: 'img/logo.svg', kind: 'css-url' },
    ],
    'css/base.css': [
      { path: 'css/site.css', kind: 'css-import' },
      { path: 'font/a.woff', kind: 'css-url' },
      { path: 'font/a.woff2', kind: 'css-url' },
    ],
    'js/app.js': [
      { path: 'js/later.js', kind: 'js-dynamic-import' },
      { path: 'js/part.js', kind: 'js-import' },
    ],
    'js/part.js': [
      { path: 'data.json', kind: 'js-import' },
      { path: 'js/deep.js', kind: 'js-import' },
    ],
    'js/deep.js': [{ path: 'js/app.js', kind: 'js-import' }],
  },
} as const

const plain = (link: string) =>
  link.replace(/\.[0-9a-f]{16}/, '').replace(/; crossorigin; integrity="sha384-[\w+/=]{64}"$/, ' CHECKED')

test('a stylesheet brings its imports, its WOFF2 fonts and its images, each once', async (context) => {
  const manifest = await writeBuild(makeTree(context), FILES, OPTIONS)
  assert.deepEqual(
    preloadLinks(createManifestResolver(manifest, '/s/'), ['css/site.css', 'css/base.css']).map(plain),
    [
      '</s/css/site.css>; rel=preload; as=style CHECKED',
      '</s/css/base.css>; rel=preload; as=style CHECKED',
      '</s/font/a.woff2>; rel=preload; as=font; type="font/woff2"; crossorigin',
      '</s/img/logo.svg>; rel=preload; as=image; type="image/svg+xml"',
    ],
  )
})

test('a module brings what it imports statically, through circles, each once', async (context) => {
  const manifest = await writeBuild(makeTree(context), FILES, OPTIONS)
  assert.deepEqual(preloadLinks(createManifestResolver(manifest, '/s/'), ['js/app.js']).map(plain), [
    '</s/js/app.js>; rel=modulepreload CHECKED',
    '</s/js/part.js>; rel=modulepreload CHECKED',
    '</s/js/deep.js>; rel=modulepreload CHECKED',
  ])
})

test('a classic script is preloaded as one, a module as a module: the build tells which is which', async (context) => {
  const kinds = {
    'classic.js': [{ path: 'lazy.js', kind: 'js-dynamic-import' }],
    'worker-host.js': [{ path: 'data.json', kind: 'js-url' }],
    'entry.js': [{ path: 'leaf.js', kind: 'js-import' }],
  } as const
  const files = Object.fromEntries(
    [...Object.keys(kinds), 'lazy.js', 'leaf.js', 'alone.js', 'own.mjs', 'data.json'].map((path) => [
      path,
      path,
    ]),
  )
  const manifest = await writeBuild(makeTree(context), files, { references: kinds })
  const resolver = createManifestResolver(manifest, '/')
  const first = (file: PreloadFile) => plain(preloadLinks(resolver, [file])[0] ?? '').replace(/^<.*>; /, '')
  for (const name of ['worker-host.js', 'entry.js', 'leaf.js', 'lazy.js', 'own.mjs'])
    assert.equal(first(name), 'rel=modulepreload CHECKED', name)
  for (const name of ['classic.js', 'alone.js'])
    assert.equal(first(name), 'rel=preload; as=script CHECKED', name)
  // What nothing tells, the caller may.
  assert.equal(first({ name: 'alone.js', as: 'module' }), 'rel=modulepreload CHECKED')
  assert.equal(first({ name: 'lazy.js', as: 'script' }), 'rel=preload; as=script CHECKED')
})

test('a stylesheet with many images brings none of them', async (context) => {
  const flags = Array.from({ length: 9 }, (_, n) => `flags/${n}.svg`)
  const files = Object.fromEntries([['flags.css', ''], ...flags.map((path) => [path, path])])
  const references = { 'flags.css': flags.map((path) => ({ path, kind: 'css-url' }) as const) }
  const manifest = await writeBuild(makeTree(context), files, { references })
  assert.equal(preloadLinks(createManifestResolver(manifest, '/s/'), ['flags.css']).length, 1)
})

test('a stylesheet with many fonts brings none of them, whatever page it is on', async (context) => {
  const fontsIn = async (count: number) => {
    const fonts = Array.from({ length: count }, (_, n) => `fonts/${n}.woff2`)
    const files = Object.fromEntries([['katex.css', ''], ...fonts.map((path) => [path, path])])
    const references = { 'katex.css': fonts.map((path) => ({ path, kind: 'css-url' }) as const) }
    const manifest = await writeBuild(makeTree(context), files, { references })
    return preloadLinks(createManifestResolver(manifest, '/s/'), ['katex.css']).slice(1).map(plain)
  }
  assert.deepEqual(await fontsIn(9), [])
  const few = await fontsIn(8)
  assert.equal(few.length, 8)
  assert.equal(few[0], '</s/fonts/0.woff2>; rel=preload; as=font; type="font/woff2"; crossorigin')
})

test('a module reached by a bare specifier is preloaded too', async (context) => {
  const sources = makeTree(context, {
    'js/app.js':
      'import "three"; import "three/addons/a%20b.js"; import "unknown"; import("three/addons/later.js")',
    'vendor/three.js': 'import "./core.js"',
    'vendor/core.js': 'export {}',
    'vendor/addons/a b.js': 'export {}',
    'vendor/addons/later.js': 'export {}',
  })
  const { manifest } = await build({
    ...{ sources: [sources], out: makeTree(context), cache: false, encodings: [] },
    importMap: { three: 'vendor/three.js', 'three/addons/': 'vendor/addons/' },
  })
  assert.deepEqual(preloadLinks(createManifestResolver(manifest, '/s/'), ['js/app.js']).map(plain), [
    '</s/js/app.js>; rel=modulepreload CHECKED',
    '</s/vendor/addons/a%20b.js>; rel=modulepreload CHECKED',
    '</s/vendor/three.js>; rel=modulepreload CHECKED',
    '</s/vendor/core.js>; rel=modulepreload CHECKED',
  ])
})

test('anything else is fetched alone, and an unknown name is an error', async (context) => {
  const manifest = await writeBuild(makeTree(context), FILES, OPTIONS)
  assert.match(
    preloadLinks(createManifestResolver(manifest, '/s/'), ['data.json']).join(),
    /as=fetch; crossorigin$/,
  )
  assert.throws(() => preloadLinks(createManifestResolver(manifest, '/s/'), ['css/sites.css']), {
    code: 'FP_UNKNOWN_NAME',
  })
})

test('reply.preload adds to the Link header, each value once', async (context) => {
  const app = Fastify()
  await app.register(fingerpost, { root: await makeBuild(context, FILES, OPTIONS) })
  app.get('/', async (_request, reply) => {
    reply.header('link', '</own>; rel=preconnect')
    reply.preload('js/app.js').preload('css/site.css', 'js/deep.js')
    return 'page'
  })
  const { get } = await listen(context, app)
  const values = String((await get('/')).headers['link']).split(', ')
  assert.equal(values.length, 8)
  assert.equal(new Set(values).size, 8)
  assert.equal(values[0], '</own>; rel=preconnect')
})

test('103 Early Hints go out before the page, over HTTP/1.1 and HTTP/2', async (context) => {
  const root = await makeBuild(context, FILES, OPTIONS)
  const one = Fastify()
  await one.register(fingerpost, { root, earlyHints: true })
  one.get('/', async (_request, reply) => reply.preload('css/site.css').send('page'))
  const { port } = await listen(context, one)
  const text = (await talk(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toString()
  assert.match(
    text,
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/static\/css\/site\.[\s\S]*\r\n\r\nHTTP\/1\.1 200 OK/,
  )

  const two = Fastify({ http2: true })
  await two.register(fingerpost, { root, earlyHints: true })
  two.get('/', async (_request, reply) => reply.preload('css/site.css').send('page'))
  const address = await two.listen({ host: '127.0.0.1', port: 0 })
  const session = connect(address)
  context.after(() => {
    // First: a server closes only when its sessions have.
    session.destroy()
    return two.close()
  })
  const hints = await new Promise<string | string[] | undefined>((resolve, reject) => {
    const stream = session.request({ ':path': '/' })
    stream.on('headers', (headers, flags) => {
      assert.equal(headers[':status'], 103)
      assert.ok(flags >= 0)
      resolve(headers['link'])
    })
    stream.on('error', reject)
    stream.resume()
  })
  assert.match(String(hints), /as=style/)
})

test('103 Early Hints tell each link once, never HTTP/1.0, and never in the middle of an answer', async (context) => {
  const app = Fastify()
  await app.register(fingerpost, { root: await makeBuild(context, FILES, OPTIONS), earlyHints: true })
  app.get('/', async (_request, reply) => reply.preload('css/site.css').preload('css/site.css').send('page'))
  app.get('/begun', (_request, reply) => {
    reply.hijack()
    reply.raw.write('pa')
    reply.preload('css/site.css')
    reply.raw.end('ge')
  })
  const { port } = await listen(context, app)
  const hintsOf = async (path: string, version: string) => {
    const answer = await talk(port, `GET ${path} HTTP/${version}\r\nHost: x\r\nConnection: close\r\n\r\n`)
    return answer.toString().match(/103 Early Hints/g)?.length ?? 0
  }
  assert.deepEqual(
    [await hintsOf('/', '1.1'), await hintsOf('/', '1.0'), await hintsOf('/begun', '1.1')],
    [1, 0, 0],
  )
})

test('103 Early Hints are not sent through proxies, of which some take them for the answer', async (context) => {
  const app = Fastify()
  await app.register(fingerpost, { root: await makeBuild(context, FILES, OPTIONS), earlyHints: true })
  app.get('/', async (_request, reply) => reply.preload('css/site.css').send('page'))
  const { port } = await listen(context, app)
  const answerTo = async (header: string) =>
    (await talk(port, `GET / HTTP/1.1\r\nHost: x\r\n${header}\r\nConnection: close\r\n\r\n`)).toString()
  assert.match(await answerTo('Accept: */*'), /^HTTP\/1\.1 103 /)
  for (const header of [
    'Forwarded: for=192.0.2.1',
    'Via: 1.1 cache',
    'X-Forwarded-For: 192.0.2.1',
    'X-Real-IP: 192.0.2.1',
  ])
    assert.match(await answerTo(header), /^HTTP\/1\.1 200 OK\r\nlink: </i, header)
})
