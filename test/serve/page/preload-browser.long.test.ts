import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { build } from '../../../src/builder/build.ts'
import fingerpost from '../../../src/index.ts'
import { openBrowser } from '../../support/browser.ts'
import { REPOSITORY } from '../../support/cli.ts'
import { hasTool } from '../../support/require.ts'
import { makeTree } from '../../support/tree.ts'

const FONTS = join(REPOSITORY, 'node_modules/@fontsource-variable/inter/files')
const FILES = {
  'font/inter.woff2': readFileSync(join(FONTS, 'inter-latin-standard-normal.woff2')),
  'css/site.css': `@import "base.css";
    @font-face { font-family: Inter; src: url("../font/inter.woff2") }
    body { font-family: Inter; background: url("../img/paper.svg") }`,
  'css/base.css': 'h1 { color: #223; background: url("../img/dot+(1).svg") }',
  'img/paper.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  'img/dot+(1).svg': '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>',
  'js/app.js': 'import "./+part.js"; import "far"; document.title += " module"',
  'js/+part.js': 'import "./deep.js"',
  'js/deep.js': 'export {}',
  'js/far.js': 'import "./deep.js"',
  'js/classic.js': 'document.title += " classic"',
}

/** An app that counts what is asked of it, by URL. */
async function startCounting(context: TestContext, prepare: (app: FastifyInstance) => Promise<unknown>) {
  const asked: string[] = []
  const app = Fastify({ forceCloseConnections: true })
  app.addHook('onRequest', async ({ url }) => {
    asked.push(url)
  })
  app.get('/favicon.ico', (_request, reply) => reply.code(204).send())
  await prepare(app)
  context.after(() => app.close())
  return { asked, origin: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

const PAGE = async (_request: unknown, reply: FastifyReply) => {
  const { importMapTag, stylesheetTag, moduleTag, scriptTag } = reply.staticHelpers
  reply.preload('css/site.css', 'js/app.js', 'js/classic.js').type('text/html; charset=utf-8')
  return `<!doctype html><title>Page</title>${importMapTag()}${stylesheetTag('css/site.css')}
    ${moduleTag('js/app.js')}${scriptTag('js/classic.js')}<h1>Page</h1>`
}

for (const place of ['the app', 'another origin'] as const) {
  test(`Chromium fetches each preloaded file of ${place} once, and warns of nothing`, async (context) => {
    if (!hasTool(context, 'chromium')) return
    const root = makeTree(context)
    const make = (url: string) =>
      build({
        ...{ sources: [makeTree(context, FILES)], out: root, cache: false, encodings: [], url },
        importMap: { far: 'js/far.js' },
      })
    await make('/static/')
    const files = await startCounting(context, async (app) => app.register(fingerpost, { root }))
    const url = place === 'the app' ? '/static/' : `${files.origin}/static/`
    await make(url)
    const { asked, origin } = await startCounting(context, async (app) => {
      await app.register(fingerpost, { root })
      app.get('/', PAGE)
    })
    const page = await (await openBrowser(context)).newPage()
    const said: string[] = []
    page.on('console', (message) => said.push(message.text()))
    page.on('pageerror', ({ message }) => said.push(message))
    await page.goto(origin, { waitUntil: 'networkidle' })
    await page.evaluate('document.fonts.ready')
    assert.equal(await page.title(), 'Page classic module')
    // Chromium says so of preloads without a use some seconds after the page has loaded.
    await setTimeout(6000)
    assert.deepEqual(said, [])
    const fetched = [...asked, ...(place === 'the app' ? [] : files.asked)].filter((path) =>
      path.startsWith('/static/'),
    )
    assert.equal(new Set(fetched).size, 10, fetched.join('\n'))
    assert.deepEqual(fetched, [...new Set(fetched)], 'each once')
  })
}
