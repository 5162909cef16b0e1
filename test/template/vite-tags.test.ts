import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Fastify from 'fastify'
import { build as buildWithVite } from 'vite'
import { build } from '../../src/builder/build.ts'
import { fingerpost } from '../../src/plugin/plugin.ts'
import { createManifestResolver } from '../../src/resolve/manifest-resolver.ts'
import { createTemplateHelpers } from '../../src/template/template-functions.ts'
import { makeTree, writeTree } from '../support/tree.ts'
import { ENGINE_PAGES } from './engines.ts'
import { MANIFEST } from './manifest.ts'

test('what Vite built keeps its names and is reached by the names of its sources', {
  timeout: 120_000,
}, async (context) => {
  const cwd = makeTree(context, {
    'src/main.js':
      "import './main.css'\nimport { shared } from './shared.js'\ndocument.title = shared\nimport('./late.js')",
    'src/other.js': "import { shared } from './shared.js'\nconsole.log(shared)",
    'src/shared.js': `import './shared.css'\nexport const shared = ${JSON.stringify('x'.repeat(5000))}`,
    'src/late.js': 'export default 1',
    'src/main.css': `a{background:url('./big.svg')}`,
    'src/shared.css': 'b{color:red}',
    'src/big.svg': `<svg xmlns="http://www.w3.org/2000/svg">${'<g/>'.repeat(2000)}</svg>`,
    'assets/css/own.css': 'c{}',
  })
  const input = [join(cwd, 'src/main.js'), join(cwd, 'src/other.js')]
  await buildWithVite({
    root: cwd,
    base: '/static/',
    logLevel: 'silent',
    build: { manifest: true, outDir: 'dist', rollupOptions: { input } },
  })
  const { manifest, problems } = await build({ sources: ['assets', 'dist'], cache: false }, { cwd })
  assert.deepEqual(
    problems.filter(({ severity }) => severity === 'error'),
    [],
  )
  const vite = JSON.parse(readFileSync(join(cwd, 'dist/.vite/manifest.json'), 'utf8'))
  const main = vite['src/main.js']
  for (const file of [main.file, ...main.css]) assert.equal(manifest.assets.get(file)?.file, file)
  assert.match(manifest.assets.get('css/own.css')?.file ?? '', /^css\/own\.[0-9a-f]{16}\.css$/)

  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { root: join(cwd, 'staticfiles') })
  const { viteTags } = app.staticHelpers
  const html = viteTags('src/main.js', { nonce: 'n' })
  const shared = vite[main.imports[0]]
  for (const file of [main.file, ...main.css, shared.file, ...shared.css]) {
    assert.equal(html.split(`"/static/${file}"`).length, 2, `${file} once in ${html}`)
    const response = await app.inject({ url: `/static/${file}` })
    assert.equal(response.statusCode, 200)
    assert.match(String(response.headers['cache-control']), /immutable/)
  }
  assert.match(
    html,
    /^<meta property="csp-nonce" nonce="n"><link rel="stylesheet"[^>]* nonce="n">.*<link rel="modulepreload"[^>]* nonce="n">.*<script type="module"[^>]* nonce="n"><\/script>$/,
  )
  assert.doesNotMatch(html, /late/)
  for (const [tag] of html.matchAll(/<(?:link|script)[^>]*>/g)) assert.match(tag, / integrity="sha384-/)
  assert.match(viteTags('src/late.js'), /<script type="module" src="\/static\/assets\/late-/)
  assert.throws(() => viteTags('src/mian.js'), { code: 'FP_UNKNOWN_NAME', message: /src\/main\.js/ })
})

const vitePage = (name: string) => ({
  assets: { [`${name}.js`]: `"${name}"` },
  '.vite/manifest.json': JSON.stringify({ 'src/main.js': { file: `assets/${name}.js`, isEntry: true } }),
})

test('pages have the tags of the build in service, whatever Vite is doing meanwhile', async (context) => {
  const cwd = makeTree(context, { dist: vitePage('main-aaaaaaaa') })
  const deploy = () => build({ sources: ['dist'], cache: false }, { cwd })
  const app = Fastify()
  context.after(() => app.close())
  app.get('/', async (_request, reply) => reply.staticHelpers.viteTags('src/main.js'))
  const expectTags = async (name: string) => {
    const { statusCode, body } = await app.inject('/')
    assert.equal(statusCode, 200, body)
    assert.match(body, new RegExp(`/assets/${name}\\.js" integrity=`))
  }
  await deploy()
  await app.register(fingerpost, { root: join(cwd, 'staticfiles'), watch: false })
  await expectTags('main-aaaaaaaa')
  // Vite empties its output, writes the new one, and only then the build follows.
  rmSync(join(cwd, 'dist'), { recursive: true })
  await expectTags('main-aaaaaaaa')
  writeTree(cwd, { dist: vitePage('main-bbbbbbbb') })
  await expectTags('main-aaaaaaaa')
  await deploy()
  await expectTags('main-aaaaaaaa')
  assert.ok(await app.staticReload())
  await expectTags('main-bbbbbbbb')
})

test('of two Vite manifests with the same entry, one counts', async (context) => {
  const cwd = makeTree(context, { shop: vitePage('shop-aaaaaaaa'), admin: vitePage('admin-bbbbbbbb') })
  const { manifest } = await build(
    {
      sources: [
        { dir: 'shop', prefix: 's' },
        { dir: 'admin', prefix: 'a' },
      ],
      cache: false,
    },
    { cwd },
  )
  assert.deepEqual([...(manifest.entries ?? [])], [['src/main.js', ['a/assets/admin-bbbbbbbb.js']]])
})

const files = ['css/base.css', 'js/b.js', 'js/app.js']
const helpers = createTemplateHelpers(
  createManifestResolver({ ...MANIFEST, entries: new Map([['src/main.js', files]]) }),
  { nonce: 'n', styleNonce: 's' },
)

test('every engine writes the tags of an entry', async () => {
  const sources: Readonly<Record<string, string>> = {
    Nunjucks: "{{ viteTags('src/main.js', id='m') }}",
    EJS: "<%- viteTags('src/main.js', { id: 'm' }) %>",
    Eta: "<%~ it.viteTags('src/main.js', { id: 'm' }) %>",
    Handlebars: "{{viteTags 'src/main.js' id='m'}}",
    Pug: "!= viteTags('src/main.js', { id: 'm' })",
    Liquid: "{{ 'src/main.js' | vite_tags: id: 'm' }}",
    Edge: "{{{ viteTags('src/main.js', { id: 'm' }) }}}",
  }
  const expected = [
    '<meta property="csp-nonce" nonce="s">',
    '<link rel="stylesheet" href="/static/css/base.1.css" integrity="sha384-cssbase1css" crossorigin="anonymous" nonce="s">',
    '<link rel="modulepreload" href="/static/js/b.7.js" integrity="sha384-jsb7js" crossorigin="anonymous" nonce="n">',
    '<script type="module" src="/static/js/app.6.js" integrity="sha384-jsapp6js" crossorigin="anonymous" nonce="n" id="m"></script>',
  ].join('')
  for (const { engine, render } of ENGINE_PAGES)
    assert.equal(await render(sources[engine] ?? '', helpers), expected, engine)
})
