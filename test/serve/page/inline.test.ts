import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import helmet from '@fastify/helmet'
import Fastify, { type FastifyInstance } from 'fastify'
import { build } from '../../../src/builder/build.ts'
import { type FingerpostOptions, fingerpost } from '../../../src/index.ts'
import { fingerpostTesting } from '../../../src/testing.ts'
import { openBrowser } from '../../support/browser.ts'
import { hasTool } from '../../support/require.ts'
import { makeTree, type Tree, writeTree } from '../../support/tree.ts'
import { ENGINE_PAGES } from '../../template/engines.ts'

const ASSETS = {
  'css/critical.css': '\ufeffh1{color:rgb(1,2,3)}\r\n/* ü */\r\n',
  'js/theme.js': "document.documentElement.dataset.theme = 'dark'\r\n",
  'img/dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" id="dot"/>',
}
const inline = Object.keys(ASSETS)

async function makeBuild(context: TestContext, assets: Tree = ASSETS): Promise<string> {
  const cwd = makeTree(context, { assets })
  await build({ sources: ['assets'], cache: false }, { cwd })
  return cwd
}

async function startApp(context: TestContext, options: FingerpostOptions): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  const source = (kind: 'scriptSrc' | 'styleSrc') => () => app.staticCsp()[kind].join(' ')
  const directives = { scriptSrc: [source('scriptSrc')], styleSrc: [source('styleSrc')] }
  await app.register(helmet, { contentSecurityPolicy: { directives } })
  await app.register(fingerpost, options)
  app.get('/', async (_request, reply) => {
    reply.type('text/html')
    const { inline } = reply.staticHelpers
    const [style, script, image] = ['css/critical.css', 'js/theme.js', 'img/dot.svg'].map((each) =>
      inline(each),
    )
    return `<!doctype html><meta charset="utf-8">${style}${script}<h1>page</h1>${image}`
  })
  return app
}

for (const mode of ['a build', 'live mode'] as const) {
  test(`inlined files of ${mode} are allowed by their hashes alone`, async (context) => {
    if (!hasTool(context, 'chromium')) return
    const cwd = await makeBuild(context)
    const options =
      mode === 'a build'
        ? { root: join(cwd, 'staticfiles') }
        : { live: { reload: false }, sources: [join(cwd, 'assets')] }
    const app = await startApp(context, { ...options, inline })
    const page = await (await openBrowser(context)).newPage()
    await page.goto(await app.listen({ port: 0, host: '127.0.0.1' }))
    const seen = await page.evaluate(`[
      getComputedStyle(document.querySelector('h1')).color,
      document.documentElement.dataset.theme,
      document.querySelector('svg').id,
    ]`)
    assert.deepEqual(seen, ['rgb(1, 2, 3)', 'dark', 'dot'])
  })
}

test('inlined files are those of the build in service; one that lacks them is refused', async (context) => {
  const cwd = await makeBuild(context)
  const app = await startApp(context, { root: join(cwd, 'staticfiles'), inline, watch: false })
  const before = app.staticCsp()
  writeTree(cwd, { assets: { 'css/critical.css': 'h1{color:red}' } })
  await build({ sources: ['assets'], cache: false }, { cwd })
  assert.deepEqual(app.staticCsp(), before)
  assert.ok(await app.staticReload())
  assert.match(app.staticHelpers.inline('css/critical.css'), /^<style>h1\{color:red\}<\/style>$/)
  assert.notDeepEqual(app.staticCsp().styleSrc, before.styleSrc)
  assert.deepEqual(app.staticCsp().scriptSrc, before.scriptSrc)

  rmSync(join(cwd, 'assets/js/theme.js'))
  await build({ sources: ['assets'], cache: false }, { cwd })
  await assert.rejects(() => app.staticReload(), { code: 'FP_UNKNOWN_NAME' })
  assert.equal((await app.inject('/')).statusCode, 200)
})

test('what does not work inside a page stops the start', async (context) => {
  const cwd = await makeBuild(context, {
    ...{
      'a.css': '@import "b.css";',
      'b.css': 'a{background:url(c.png)}',
      'c.png': 'c',
      'd.js': "'</script>'",
    },
    ...{ 'large.css': `/*${'x'.repeat(40_000)}*/`, 'map.css': 'a{}\n/*# sourceMappingURL=map.css.map */' },
    'map.css.map': '{"version":3,"sources":[],"mappings":""}',
  })
  const start = (name: string) => startApp(context, { root: join(cwd, 'staticfiles'), inline: [name] })
  const cases = [
    ['a.css', 'FP_CONFIG', /refers to b\.css/],
    ['b.css', 'FP_CONFIG', /refers to c\.png/],
    ['c.png', 'FP_CONFIG', /only stylesheets, scripts and SVG/],
    ['d.js', 'FP_CONFIG', /<\/script, which would end the element/],
    ['large.css', 'FP_LIMIT', /40004 bytes/],
    ['nope.css', 'FP_UNKNOWN_NAME', /nope\.css/],
  ] as const
  for (const [name, code, message] of cases) await assert.rejects(start(name), { code, message }, name)
  const app = await start('map.css')
  assert.throws(() => app.staticHelpers.inline('b.css'), {
    code: 'FP_CONFIG',
    message: /inline: \['map\.css', 'b\.css'\]/,
  })
})

test('every engine inlines files, in tests of an app as well', async (context) => {
  const cwd = await makeBuild(context)
  const app = await startApp(context, { root: join(cwd, 'staticfiles'), inline })
  const sources: Readonly<Record<string, string>> = {
    Nunjucks: "{{ inline('js/theme.js', nonce='n') }}",
    EJS: "<%- inline('js/theme.js', { nonce: 'n' }) %>",
    Eta: "<%~ it.inline('js/theme.js', { nonce: 'n' }) %>",
    Handlebars: "{{inline 'js/theme.js' nonce='n'}}",
    Pug: "!= inline('js/theme.js', { nonce: 'n' })",
    Liquid: "{{ 'js/theme.js' | inline: nonce: 'n' }}",
    Edge: "{{{ inline('js/theme.js', { nonce: 'n' }) }}}",
  }
  const expected = `<script nonce="n">${ASSETS['js/theme.js'].replace('\r', '')}</script>`
  for (const { engine, render } of ENGINE_PAGES)
    assert.equal(await render(sources[engine] ?? '', app.staticHelpers), expected, engine)
  const testing = Fastify()
  context.after(() => testing.close())
  await testing.register(fingerpostTesting, {})
  assert.equal(testing.staticHelpers.inline('css/critical.css'), '<style></style>')
  assert.deepEqual(testing.staticCsp(), { scriptSrc: [], styleSrc: [] })
})
