import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Fastify from 'fastify'
import { build as buildWithVite } from 'vite'
import { build } from '../../../src/builder/build.ts'
import { fingerpost } from '../../../src/index.ts'
import { openBrowser } from '../../support/browser.ts'
import { REPOSITORY } from '../../support/cli.ts'
import { hasTool } from '../../support/require.ts'
import { makeTree } from '../../support/tree.ts'

/** The app handles the failure itself, so nothing but Vite's own event tells of it. */
const MAIN = `import 'fingerpost/client'
addEventListener('fingerpost:outdated', ({ detail }) => { document.querySelector('h1').textContent = detail.version })
document.querySelector('button').onclick = () => import('./late.js').catch(() => {})`

test('a bundle of Vite with fingerpost/client is told of a chunk that was pruned', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const cwd = makeTree(context, {
    src: {
      'main.js': MAIN,
      'late.js': "import './late.css'\nexport const late = 1",
      'late.css': 'h1 { color: red }',
    },
  })
  const deploy = async () => {
    await buildWithVite({
      ...{ root: cwd, base: '/static/', logLevel: 'silent', configFile: false },
      resolve: { alias: { 'fingerpost/client': join(REPOSITORY, 'dist/client.js') } },
      build: { manifest: true, outDir: 'dist', rolldownOptions: { input: join(cwd, 'src/main.js') } },
    })
    return (await build({ sources: ['dist'], cache: false }, { cwd })).manifest
  }
  await deploy()
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  await app.register(fingerpost, { root: join(cwd, 'staticfiles'), watch: false })
  app.get('/', async (_request, reply) => {
    reply.type('text/html')
    const { versionTag, viteTags } = reply.staticHelpers
    return `<!doctype html>${versionTag({ script: false })}${viteTags('src/main.js')}<h1></h1><button>late</button>`
  })
  const page = await (await openBrowser(context)).newPage()
  await page.goto(await app.listen({ port: 0, host: '127.0.0.1' }))
  writeFileSync(join(cwd, 'src/late.js'), 'export const late = 2')
  rmSync(join(cwd, 'staticfiles'), { recursive: true })
  const { digest } = await deploy()
  assert.ok(await app.staticReload())
  await page.locator('button').click()
  await page.locator('h1', { hasText: digest }).waitFor()
})
