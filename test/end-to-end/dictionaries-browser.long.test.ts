import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { DICTIONARIES_FILE, deltaPath, parseDictionaries } from '../../src/core/manifest/dictionaries.ts'
import fingerpost from '../../src/index.ts'
import { makeProfile, openBrowser } from '../support/browser.ts'
import { buildWithDeltas, findDeltaNode } from '../support/deltas.ts'
import { hasTool } from '../support/require.ts'
import { makeTree, type Tree, writeTree } from '../support/tree.ts'

/** Text that hardly compresses, the same in every version. */
const filler = (seed: string) =>
  Array.from({ length: 40 }, (_, at) => createHash('sha512').update(`${seed} ${at}`).digest('hex')).join('\n')

/** One file of each kind that a browser loads; what the page makes of each is the number of the version. */
const siteOf = (version: number): Tree => ({
  'classic.js': `window.classic = ${version} // ${filler('classic').replaceAll('\n', '')}`,
  'early.js': `window.early = ${version} // ${filler('early').replaceAll('\n', '')}`,
  'main.js': `import { lib } from 'lib'\nwindow.main = ${version}\nwindow.lib = lib\n/* ${filler('main')} */`,
  'lib.js': `export const lib = ${version}\n/* ${filler('lib')} */`,
  'site.css': `:root { --version: ${version} }\n/* ${filler('css')} */`,
  'pic.svg': `<svg xmlns="http://www.w3.org/2000/svg" width="${version}" height="9"><!-- ${filler('svg')} --></svg>`,
  'data.json': JSON.stringify({ version, filler: filler('json') }),
  'calc.wasm': wasmOf(version),
})
const NAMES = Object.keys(siteOf(1))

/** A module whose `version` returns a number below 64, and a section of its own that is ignored. */
function wasmOf(version: number): Buffer {
  const section = (id: number, ...content: readonly number[]) => [id, content.length, ...content]
  const head = Buffer.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, 0, 1, 0x7f),
    ...section(3, 1, 0),
    ...section(7, 1, 7, ...Buffer.from('version'), 0, 0),
    ...section(10, 1, 4, 0, 0x41, version, 0x0b),
  ])
  const text = Buffer.from(`\x04text${filler('wasm')}`)
  return Buffer.concat([head, Buffer.from([0, (text.length & 127) | 128, text.length >> 7]), text])
}

const pageOf = ({ static: url, staticIntegrity: integrity }: FastifyInstance) => `<!doctype html>
<link rel="preload" as="script" href="${url('early.js')}" crossorigin integrity="${integrity('early.js')}">
<link rel="stylesheet" href="${url('site.css')}" crossorigin integrity="${integrity('site.css')}">
<script type="importmap">{ "imports": { "lib": "${url('lib.js')}" } }</script>
<script src="${url('classic.js')}" crossorigin integrity="${integrity('classic.js')}"></script>
<script src="${url('early.js')}" crossorigin integrity="${integrity('early.js')}"></script>
<script type="module" src="${url('main.js')}" crossorigin integrity="${integrity('main.js')}"></script>
<img src="${url('pic.svg')}" crossorigin>
<script>
  fetch('${url('data.json')}', { integrity: '${integrity('data.json')}' }).then((answer) => answer.json())
    .then(({ version }) => { window.json = version })
  WebAssembly.instantiateStreaming(fetch('${url('calc.wasm')}'))
    .then(({ instance }) => { window.wasm = instance.exports.version() })
</script>`

const SEEN = `({
  early, classic, main, lib, json, wasm,
  css: Number(getComputedStyle(document.documentElement).getPropertyValue('--version')),
  svg: document.querySelector('img').naturalWidth,
})`

interface Exchange {
  readonly url: string
  readonly dictionary: string | undefined
  readonly status: number
  readonly coding: string
}

/** A server that listens before it has an app, and notes what it is asked and how it answers. */
async function listenAndNote(context: TestContext) {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  context.after(() => server.close())
  const exchanges: Exchange[] = []
  server.on('request', ({ url = '', headers }: IncomingMessage, response: ServerResponse) => {
    const { writeHead } = response
    const dictionary = headers['available-dictionary'] as string | undefined
    response.writeHead = (...given: readonly unknown[]) => {
      const list = (given.find((each) => Array.isArray(each)) ?? []) as readonly string[]
      const at = list.indexOf('Content-Encoding')
      const coding = at === -1 ? 'identity' : (list[at + 1] ?? '')
      exchanges.push({ url, dictionary, status: Number(given[0]), coding })
      return Reflect.apply(writeHead, response, given)
    }
  })
  const { port } = server.address() as AddressInfo
  const openApp = () =>
    Fastify({
      serverFactory: (handler) => server.on('request', handler),
      forceCloseConnections: true,
    })
  return { openApp, exchanges, origin: `http://localhost:${port}` }
}

/** A site whose files are on the server of its pages, or on another one. */
async function setUp(context: TestContext, node: string, where: 'same-origin' | 'cdn') {
  const cwd = makeTree(context, { src: siteOf(1) })
  const pages = await listenAndNote(context)
  const files = where === 'cdn' ? await listenAndNote(context) : pages
  const url = where === 'cdn' ? `${files.origin}/static/` : '/static/'
  const publish = (version: number) => {
    writeTree(join(cwd, 'src'), siteOf(version))
    return buildWithDeltas(node, cwd, 'src', '--url', url)
  }
  await publish(1)
  const pageApp = pages.openApp()
  const fileApp = files === pages ? pageApp : files.openApp()
  const options = { root: join(cwd, 'staticfiles'), watch: false }
  for (const app of new Set([pageApp, fileApp])) {
    await app.register(fingerpost, options)
    context.after(() => app.close())
  }
  pageApp.get('/', (_request, reply) => reply.type('text/html').send(pageOf(pageApp)))
  for (const app of new Set([pageApp, fileApp])) await app.ready()
  return {
    cwd,
    origin: pages.origin,
    exchanges: files.exchanges,
    async publish(version: number) {
      const said = await publish(version)
      for (const app of new Set([pageApp, fileApp])) await app.staticReload()
      return said
    },
    /** Loads the page, and looks at what came. @returns the codings by file */
    async visit(page: Page, version: number) {
      files.exchanges.length = 0
      await page.goto(pages.origin)
      await page.waitForFunction(`window.main && window.json && window.wasm && document.images[0].complete`)
      const seen = Object.values((await page.evaluate(SEEN)) as object)
      assert.deepEqual(new Set(seen), new Set([version]), JSON.stringify(seen))
      const names = NAMES.map((name) => [name, new URL(fileApp.static(name), files.origin).pathname] as const)
      return Object.fromEntries(
        names.map(([name, path]) => [
          name,
          files.exchanges.filter(({ url }) => url === path).map(({ coding }) => coding),
        ]),
      )
    },
    /** Waits until the browser would offer every file as a dictionary. */
    async settle(page: Page) {
      for (const name of NAMES) {
        const bytes = readFileSync(join(cwd, 'src', name))
        const hash = `:${createHash('sha256').update(bytes).digest('base64')}:`
        const next = new URL(fileApp.static(name), files.origin).href.replace(
          /\.[0-9a-f]{16}\./,
          `.${'0'.repeat(16)}.`,
        )
        for (let look = 0; ; look++) {
          await page.evaluate(
            `fetch('${next}', { cache: 'no-store' }).then((answer) => answer.text()).catch(() => '')`,
          )
          const { pathname } = new URL(next)
          if (files.exchanges.some(({ url, dictionary }) => url === pathname && dictionary === hash)) break
          assert.ok(look < 200, `${name} never became a dictionary`)
          await page.waitForTimeout(50)
        }
      }
    },
  }
}

const all = (coding: string) => Object.fromEntries(NAMES.map((name) => [name, [coding]]))

test('a returning browser downloads deltas', { timeout: 240_000 }, async (context) => {
  const node = findDeltaNode(context)
  if (node === undefined || !hasTool(context, 'chromium')) return
  const site = await setUp(context, node, 'same-origin')
  const profile = makeProfile()
  let browser = await openBrowser(context, profile)
  let page = await browser.newPage()

  await context.test('the first visit brings whole files', async () => {
    assert.deepEqual(await site.visit(page, 1), all('br'))
    await site.settle(page)
  })
  await context.test('the next deploy comes as deltas, whatever kind of file it is', async () => {
    assert.match(await site.publish(2), /returning visitors download \d+ B of /)
    assert.deepEqual(await site.visit(page, 2), all('dcb'))
    await site.settle(page)
  })
  await context.test('after a restart, files that came as deltas are dictionaries', async () => {
    await browser.close()
    browser = await openBrowser(context, profile)
    page = await browser.newPage()
    await site.publish(3)
    assert.deepEqual(await site.visit(page, 3), all('dcb'))
    await site.settle(page)
  })
  await context.test('damaged deltas are replaced by whole files', async () => {
    await site.publish(4)
    const out = join(site.cwd, 'staticfiles')
    const { deltas } = parseDictionaries(readFileSync(join(out, DICTIONARIES_FILE), 'utf8'), 'test')
    for (const delta of deltas) {
      const file = join(out, deltaPath(delta, 'dcb'))
      writeFileSync(file, Buffer.alloc(readFileSync(file).length, 1))
    }
    assert.deepEqual(await site.visit(page, 4), all('identity'))
    await site.settle(page)
  })
  await context.test('and the deploy after that comes as deltas again', async () => {
    await site.publish(5)
    assert.deepEqual(await site.visit(page, 5), all('dcb'))
  })
})

test('files of a CDN come as deltas to pages of the same site', { timeout: 120_000 }, async (context) => {
  const node = findDeltaNode(context)
  if (node === undefined || !hasTool(context, 'chromium')) return
  const site = await setUp(context, node, 'cdn')
  const page = await (await openBrowser(context)).newPage()
  assert.deepEqual(await site.visit(page, 1), all('br'))
  await site.settle(page)
  await site.publish(2)
  assert.deepEqual(await site.visit(page, 2), all('dcb'))
})
