import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { build } from '../../../src/builder/build.ts'
import { type FingerpostOptions, fingerpost } from '../../../src/index.ts'
import { findUnverifiedTags } from '../../../src/template/check-integrity.ts'
import { openBrowser } from '../../support/browser.ts'
import { hasTool } from '../../support/require.ts'
import { makeTree } from '../../support/tree.ts'
import { ENGINE_PAGES } from '../../template/engines.ts'

const ASSETS = {
  'css/site.css': '@import "base.css";\nh1{color:rgb(1,2,3)}',
  'css/base.css': 'a{color:red}',
  'js/app.js': "import { run } from './dep.js'\nrun()",
  'js/dep.js': "export const run = () => import('./late.js')",
  'js/late.js': "document.documentElement.dataset.late = 'yes'",
  'js/bare.js': "document.documentElement.dataset.bare = 'yes'",
  'page.html': '<!doctype html><title>page</title>',
}

async function startApp(context: TestContext, options: FingerpostOptions): Promise<FastifyInstance> {
  const cwd = makeTree(context, { assets: ASSETS })
  await build({ sources: ['assets'], cache: false }, { cwd })
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  await app.register(fingerpost, { root: join(cwd, 'staticfiles'), ...options })
  app.get('/json', async () => ({}))
  app.get('/', async (_request, reply) => {
    reply.type('text/html')
    const { importMapTag, stylesheetTag, moduleTag, versionTag, static: url } = reply.staticHelpers
    const tags = [importMapTag(), stylesheetTag('css/site.css'), moduleTag('js/app.js'), versionTag()]
    return `<!doctype html>${tags.join('')}<script src="${url('js/bare.js')}"></script><h1></h1><a></a>`
  })
  return app
}

const REPORT = 'integrity-policy-report-only'

test('pages have the policy, of the app and of the build; other answers do not', async (context) => {
  const app = await startApp(context, { integrityPolicy: { endpoints: ['integrity'] } })
  const expected = 'blocked-destinations=(script style), endpoints=(integrity)'
  for (const url of ['/', '/static/page.html', app.static('page.html')])
    assert.equal((await app.inject(url)).headers[REPORT], expected, url)
  for (const url of ['/json', app.static('css/site.css')])
    assert.equal((await app.inject(url)).headers[REPORT], undefined, url)
  const enforced = await startApp(context, { integrityPolicy: { enforce: true } })
  const { headers } = await enforced.inject('/')
  assert.equal(headers['integrity-policy'], 'blocked-destinations=(script style)')
  assert.equal(headers[REPORT], undefined)
  await assert.rejects(startApp(context, { integrityPolicy: { endpoints: ['a b'] } }), { code: 'FP_CONFIG' })
})

test('under an enforced policy a page of helpers runs, and a script without integrity does not', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const app = await startApp(context, { integrityPolicy: { enforce: true } })
  const page = await (await openBrowser(context)).newPage()
  const messages: string[] = []
  page.on('console', (message) => messages.push(message.text()))
  await page.goto(await app.listen({ port: 0, host: '127.0.0.1' }))
  await page.waitForFunction("document.documentElement.dataset.late === 'yes'")
  await page.waitForFunction("getComputedStyle(document.querySelector('h1')).color === 'rgb(1, 2, 3)'")
  assert.equal(await page.evaluate('document.documentElement.dataset.bare'), undefined)
  // An imported stylesheet has no integrity: it loads only where a browser does not know this destination.
  const isForScriptsOnly = messages.includes("The Integrity-Policy destination 'style' is not supported.")
  const color = await page.evaluate("getComputedStyle(document.querySelector('a')).color")
  assert.equal(color, isForScriptsOnly ? 'rgb(255, 0, 0)' : 'rgb(0, 0, 0)')
})

test('tags without integrity are found in every engine, those of helpers are not', () => {
  for (const { engine, source } of ENGINE_PAGES) {
    assert.deepEqual(findUnverifiedTags(source), [], engine)
    const pug = engine === 'Pug' ? "script(src=static('js/app.js'))" : ''
    const tag = pug || `<script defer src="{{ static('a > b.js') }}"></script>`
    assert.equal(findUnverifiedTags(`${source}\n    ${tag}\n`).length, 1, engine)
  }
  const found = (text: string) => findUnverifiedTags(text).map(({ written }) => written)
  assert.deepEqual(found('<link href=a.css rel=stylesheet>'), ['<link href=a.css rel=stylesheet>'])
  assert.deepEqual(found('<link\n rel="modulepreload" href="a.js">'), [
    '<link rel="modulepreload" href="a.js">',
  ])
  assert.deepEqual(
    found('<link rel="icon" href="a.svg"><script>1</script><script type=importmap>{}</script>'),
    [],
  )
  assert.deepEqual(found('<script src="a.js" integrity="{{ staticIntegrity(name) }}"></script>'), [])
  assert.deepEqual(found("{{ moduleTag('a.js', { integrity: false }) }}"), ['integrity: false'])
  assert.deepEqual(found("{{scriptTag 'a.js' integrity=false}}"), ['integrity=false'])
  assert.deepEqual(findUnverifiedTags('\n  <script src="a.js"></script>')[0]?.line, 2)
})
