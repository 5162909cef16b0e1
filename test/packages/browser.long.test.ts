import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import fastify, { type FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { build } from '../../src/builder/build.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import type { Manifest } from '../../src/core/manifest/manifest.ts'
import { fingerpost } from '../../src/plugin/plugin.ts'
import { openBrowser } from '../support/browser.ts'
import { hasTool } from '../support/require.ts'
import { makeTree, type Tree } from '../support/tree.ts'

const modules = join(import.meta.dirname, '..', '..', 'node_modules')
const NONCE = 'dGVzdA=='
const POLICY = `default-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'nonce-${NONCE}'`

interface Site {
  readonly manifest: Manifest
  readonly address: string
}

/** Builds sources and serves them with one page. */
async function serve(
  context: TestContext,
  options: BuildOptions,
  page: (app: FastifyInstance) => string,
  own: Tree = {},
): Promise<Site> {
  const cwd = makeTree(context, { src: own })
  const { manifest } = await build({ cache: false, encodings: [], ...options }, { cwd })
  const app = fastify()
  await app.register(fingerpost, { root: join(cwd, 'staticfiles') })
  app.get('/', (_request, reply) =>
    reply
      .type('text/html')
      .header('content-security-policy', POLICY)
      .send(`<!doctype html><link rel="icon" href="data:,">${page(app)}`),
  )
  context.after(() => app.close())
  return { manifest, address: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

/** Opens the page and returns the names it asked the build for; anything that goes wrong fails the test. */
async function visit(
  page: Page,
  { address, manifest }: Site,
  done: () => Promise<unknown>,
): Promise<readonly string[]> {
  const asked: string[] = []
  const faults: string[] = []
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('requestfailed', (request) => faults.push(`${request.url()} failed`))
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (!response.ok()) faults.push(`${response.url()} is ${response.status()}`)
    if (pathname.startsWith('/static/')) asked.push(decodeURIComponent(pathname.slice('/static/'.length)))
  })
  await page.goto(address)
  await done()
  const hashed = new Set([...manifest.assets.values()].map(({ file }) => file))
  assert.deepEqual(faults, [])
  assert.deepEqual(
    asked.filter((name) => !hashed.has(name)),
    [],
    'every request is for a hashed name',
  )
  return asked
}

const stylesheet = (app: FastifyInstance, name: string) =>
  `<link rel="stylesheet" href="${app.static(name)}" integrity="${app.staticIntegrity(name)}">`

/** Loads every font the page's stylesheets declare. */
const loadFonts = (page: Page) =>
  page.evaluate(`Promise.all([...document.fonts].map((font) => font.load())).then((fonts) => fonts.length)`)

interface Case {
  readonly name: string
  readonly page: (app: FastifyInstance) => string
  /** How many names the page asks for at least. */
  readonly least: number
}

const CASES: readonly Case[] = [
  { name: 'katex', page: (app) => stylesheet(app, 'dist/katex.css'), least: 21 },
  {
    name: '@fortawesome/fontawesome-free',
    page: (app) => stylesheet(app, 'css/all.css'),
    least: 4,
  },
  {
    name: 'leaflet',
    page: (app) =>
      `${stylesheet(app, 'dist/leaflet.css')}<i class="leaflet-default-icon-path"></i><div class="leaflet-container">
      <div class="leaflet-control-layers"><a class="leaflet-control-layers-toggle">x</a></div>
      <div class="leaflet-retina"><div class="leaflet-control-layers"><a class="leaflet-control-layers-toggle">x</a></div></div></div>`,
    least: 4,
  },
  {
    name: 'flag-icons',
    page: (app) =>
      stylesheet(app, 'css/flag-icons.css') +
      ['de', 'fr', 'it', 'es', 'pt', 'gb', 'nl'].map((code) => `<i class="fi fi-${code}"></i>`).join(''),
    least: 8,
  },
  {
    name: 'bootstrap',
    page: (app) =>
      `${stylesheet(app, 'dist/css/bootstrap.css')}<script src="${app.static('dist/js/bootstrap.bundle.js')}"></script>
      <input type="checkbox" class="form-check-input" checked><button class="btn-close"></button>`,
    least: 2,
  },
]

test('five packages load in the browser from hashed names alone', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const browser = await openBrowser(context)
  for (const { name, page: markup, least } of CASES) {
    const site = await serve(
      context,
      { sources: [join(modules, name)], ignore: ['node_modules', 'svgs*'] },
      markup,
    )
    const page = await browser.newPage()
    const asked = await visit(page, site, async () => {
      await loadFonts(page)
      await page.waitForLoadState('networkidle')
    })
    assert.ok(
      asked.length >= least,
      `${name}: ${asked.length} requests, expected ${least}: ${asked.join(' ')}`,
    )
  }
})

const APP = {
  js: {
    'app.js': `
      import _, { chunk } from 'lodash-es'
      import { Vector3 } from 'three'
      import { OrbitControls } from 'three/controls/OrbitControls.js'
      import { greeting } from './greeting.js'
      const late = await import('./late.js')
      const image = new URL('./dot.svg', import.meta.url)
      const response = await fetch(image)
      document.title = [
        _.join(chunk([1, 2, 3], 2).flat(), '-'), new Vector3(3, 4, 0).length(), typeof OrbitControls,
        greeting, late.value, response.headers.get('content-type'),
      ].join(' ')`,
    'greeting.js': 'export { name as greeting } from "./deep/name.js"',
    deep: { 'name.js': 'import "../greeting.js"; export const name = "hello"' },
    'late.js': 'export const value = "late"',
    'dot.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  },
}

/** The page's policy forbids what `page.waitForFunction` does between two looks. */
async function waitForTitle(page: Page): Promise<void> {
  const deadline = Date.now() + 60_000
  while ((await page.title()) === '' && Date.now() < deadline) await setTimeout(50)
}

for (const mode of ['rewrite', 'import-map'] as const) {
  test(`unbundled modules load through ${mode}: three, and lodash-es with its 600 files`, async (context) => {
    if (!hasTool(context, 'chromium')) return
    const site = await serve(
      context,
      {
        sources: [
          'src',
          `vendor/lodash=${join(modules, 'lodash-es')}`,
          `vendor/three=${join(modules, 'three/build')}`,
          `vendor/controls=${join(modules, 'three/examples/jsm/controls')}`,
        ],
        modules: mode,
        importMap: {
          'lodash-es': 'vendor/lodash/lodash.js',
          three: 'vendor/three/three.module.js',
          'three/controls/': 'vendor/controls/',
        },
      },
      (app) =>
        `${app.importMap({ nonce: NONCE, entries: ['js/app.js'] })}<script type="module" src="${app.static('js/app.js')}"></script>`,
      APP,
    )
    const browser = await openBrowser(context)
    const page = await browser.newPage()
    const asked = await visit(page, site, () => waitForTitle(page))
    assert.equal(await page.title(), '1-2-3 5 function hello late image/svg+xml; charset=utf-8')
    assert.ok(asked.length > 600, `${asked.length} requests`)
  })
}
