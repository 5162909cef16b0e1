import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Fastify from 'fastify'
import { build as buildWithVite } from 'vite'
import { build } from '../../src/builder/build.ts'
import { fingerpost } from '../../src/plugin/plugin.ts'
import { createViteTags, openViteManifest } from '../../src/templates.ts'
import { makeTree } from '../support/tree.ts'

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
  const viteTags = createViteTags(app.staticHelpers, vite)
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
    /^<link rel="stylesheet"[^>]* nonce="n">.*<link rel="modulepreload"[^>]*>.*<script type="module"[^>]*><\/script>$/,
  )
  assert.doesNotMatch(html, /late/)
  assert.throws(() => viteTags('src/mian.js'), { code: 'FP_UNKNOWN_NAME', message: /src\/main\.js/ })
})

test('pages keep their tags while Vite and the build are deployed one after the other', async (context) => {
  const cwd = makeTree(context, { 'dist/assets/main-aaaaaaaa.js': '1' })
  const file = join(cwd, 'dist/manifest.json')
  const bundle = (name: string) => {
    const chunk = { file: `assets/${name}.js` }
    writeFileSync(join(cwd, 'dist', chunk.file), `"${name}"`)
    writeFileSync(file, JSON.stringify({ 'src/main.js': chunk }))
  }
  const deploy = () => build({ sources: ['dist'], cache: false }, { cwd })
  const app = Fastify()
  context.after(() => app.close())
  const manifest = openViteManifest(file)
  app.get('/', async (_request, reply) => createViteTags(reply.staticHelpers, manifest)('src/main.js'))
  const expectTags = async (name: string) => {
    const { statusCode, body } = await app.inject('/')
    assert.equal(statusCode, 200, body)
    assert.match(body, new RegExp(`/assets/${name}\\.`))
  }
  assert.throws(() => manifest.versions(), { code: 'FP_MANIFEST', message: /npx vite build/ })
  bundle('main-aaaaaaaa')
  await deploy()
  await app.register(fingerpost, { root: join(cwd, 'staticfiles'), watch: false })
  await expectTags('main-aaaaaaaa')
  // Vite empties its output, writes the new one, and only then the build follows.
  rmSync(file)
  await expectTags('main-aaaaaaaa')
  bundle('main-bbbbbbbb')
  await expectTags('main-aaaaaaaa')
  rmSync(join(cwd, 'dist/assets/main-aaaaaaaa.js'))
  await deploy()
  assert.ok(await app.staticReload())
  await expectTags('main-bbbbbbbb')
})
