import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import helmet from '@fastify/helmet'
import Fastify, { type FastifyInstance } from 'fastify'
import { build as buildWithVite } from 'vite'
import { build } from '../../src/builder/build.ts'
import { type FingerpostOptions, fingerpost } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { hasTool } from '../support/require.ts'
import { makeTree } from '../support/tree.ts'

const PROJECT = {
  'src/main.js': `import { shared } from './shared.js'
import('./late.js').then(({ show }) => show(shared))`,
  'src/shared.js': "import './shared.css'\nexport const shared = 'first'",
  'src/other.js': "import { shared } from './shared.js'\nconsole.log(shared)",
  'src/late.js': `import './late.css'
import { shared } from './shared.js'
export const show = (text) => { document.querySelector('h1').textContent = text + ' and ' + shared }`,
  'src/shared.css': 'h1{margin-left:7px}',
  'src/late.css': 'h1{color:rgb(1,2,3)}',
}

async function bundle(cwd: string): Promise<void> {
  await buildWithVite({
    ...{ root: cwd, base: '/static/', logLevel: 'silent', configFile: false },
    build: {
      ...{ manifest: true, outDir: 'dist', chunkImportMap: true },
      rolldownOptions: { input: ['src/main.js', 'src/other.js'].map((file) => join(cwd, file)) },
    },
  })
}

async function startApp(context: TestContext, options: FingerpostOptions): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  const directives = { defaultSrc: ["'self'"], scriptSrc: ["'strict-dynamic'"], styleSrc: [] }
  await app.register(helmet, { contentSecurityPolicy: { directives }, enableCSPNonces: true })
  await app.register(fingerpost, options)
  app.get('/', async (_request, reply) => {
    reply.type('text/html')
    const { viteTags } = reply.staticHelpers
    return `<!doctype html>${viteTags('src/main.js')}${viteTags('src/other.js')}<h1></h1>`
  })
  return app
}

/** Opens the page, which a browser must load without a complaint. */
async function visit(context: TestContext, app: FastifyInstance): Promise<readonly unknown[]> {
  const page = await (await openBrowser(context)).newPage()
  const failures: string[] = []
  page.on('pageerror', ({ message }) => failures.push(message))
  page.on('requestfailed', (request) => failures.push(request.url()))
  page.on('response', (response) => response.status() >= 400 && failures.push(response.url()))
  await page.goto(await app.listen({ port: 0, host: '127.0.0.1' }))
  await page.locator('h1', { hasText: 'and' }).waitFor()
  const seen = await page.evaluate(`(() => {
    const { color, marginLeft } = getComputedStyle(document.querySelector('h1'))
    return [document.querySelector('h1').textContent, color, marginLeft]
  })()`)
  assert.deepEqual(
    failures.filter((url) => !url.endsWith('/favicon.ico')),
    [],
  )
  return seen as readonly unknown[]
}

test('an import map of chunks works in a browser, and keeps names that have not changed', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const cwd = makeTree(context, PROJECT)
  await bundle(cwd)
  const deploy = () => build({ sources: ['dist'], cache: false }, { cwd })
  const first = await deploy()
  assert.deepEqual(
    first.problems.filter(({ severity }) => severity !== 'note'),
    [],
  )
  const app = await startApp(context, { root: join(cwd, 'staticfiles'), watch: false })
  const html = (await app.inject('/')).body
  const [, map = '{}'] =
    /^<!doctype html><meta [^>]*><script type="importmap"[^>]*>(.*?)<\/script>/.exec(html) ?? []
  const { integrity } = JSON.parse(map)
  for (const [path, { file, integrity: expected }] of first.manifest.assets)
    if (path.endsWith('.js')) assert.equal(integrity[`/static/${file}`], expected, path)
  assert.deepEqual(await visit(context, app), ['first and first', 'rgb(1, 2, 3)', '7px'])

  writeFileSync(join(cwd, 'src/shared.js'), "import './shared.css'\nexport const shared = 'second'")
  await bundle(cwd)
  const second = await deploy()
  const main = (manifest: typeof first.manifest) => manifest.entries?.get('src/main.js')?.at(-1)
  assert.equal(main(second.manifest), main(first.manifest), 'a changed import does not rename the entry')
  assert.ok(await app.staticReload())
  assert.notEqual((await app.inject('/')).body, html)
})

test('in live mode the import map of chunks comes from the output of Vite', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const cwd = makeTree(context, PROJECT)
  await bundle(cwd)
  // Vite's build sets NODE_ENV to production.
  const app = await startApp(context, { live: { reload: false, force: true }, sources: [join(cwd, 'dist')] })
  assert.deepEqual(await visit(context, app), ['first and first', 'rgb(1, 2, 3)', '7px'])
})
