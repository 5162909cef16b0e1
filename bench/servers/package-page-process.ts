import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import type { BrowserContext } from 'playwright-core'
import { firstPaint, openChromium } from '../measure/browser.ts'

// Visits a page with modules of lit and three in Chromium on a slow line: the first time, after one line of the site's own
// code has changed, and after an update of three. Writes what each visit took.

/** What to visit. */
export interface PageRequest {
  /** The compiled product. */
  readonly dist: string
  /** An empty folder. */
  readonly folder: string
  readonly bundler: 'none' | 'vite'
  readonly dictionaries: boolean
  /** Folders of packages: two releases of three, and lit. */
  readonly packages: { readonly before: string; readonly after: string; readonly lit: string }
}

/** One visit. */
export interface Visit {
  /** That went over the line, the page's own among them. */
  readonly requests: number
  /** Received, headers included. */
  readonly bytes: number
  /** First Contentful Paint, in milliseconds. */
  readonly paint: number
}

export type PageVisits = Readonly<Record<'first' | 'edited' | 'updated', Visit>>

/** A line of 1.6 Mbit/s down, 0.75 up, and 150 ms of latency. */
const SLOW_LINE = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 }

const CODE: Readonly<Record<string, string>> = {
  'js/app.js': `import { html, render } from 'lit'
import { describe, show } from './scene.js'
import './counter.js'
const open = ({ target }) => show(target)
render(html\`<h1>\${describe(1)}</h1><my-counter></my-counter><canvas @click=\${open}></canvas>\`, document.body)
`,
  'js/counter.js': `import { css, html, LitElement } from 'lit'
export class Counter extends LitElement {
  static properties = { count: {} }
  static styles = css\`button { font: inherit; padding: 1em }\`
  constructor() {
    super()
    this.count = 0
  }
  render() { return html\`<button @click=\${() => this.count++}>\${this.count}</button>\` }
}
customElements.define('my-counter', Counter)
`,
  'js/scene.js': `import { BoxGeometry, Mesh, MeshStandardMaterial, PerspectiveCamera, Scene, WebGLRenderer } from 'three'
import { OrbitControls } from 'three/addons/controls/OrbitControls.js'
export function describe(size) {
  const scene = new Scene()
  scene.add(new Mesh(new BoxGeometry(size, size, size), new MeshStandardMaterial()))
  return 'A scene of ' + scene.children.length
}
export function show(canvas) {
  const camera = new PerspectiveCamera(50, 1, 0.1, 9)
  return [new WebGLRenderer({ canvas }), new OrbitControls(camera, canvas)]
}
`,
}

const request = JSON.parse(process.argv[2] ?? '') as PageRequest
const { folder, dist, bundler, dictionaries, packages } = request
const load = (file: string): Promise<unknown> => import(pathToFileURL(join(dist, file)).href)

async function measure(): Promise<PageVisits> {
  await mkdir(join(folder, 'node_modules'), { recursive: true })
  await symlink(packages.lit, join(folder, 'node_modules/lit'))
  await writeCode(CODE)
  await usePackage(packages.before)
  await buildSite()
  const browser = await openChromium(join(folder, 'profile'))
  try {
    let site = await serve(0)
    const port = Number(new URL(site.origin).port)
    const again = async () => {
      await site.app.close()
      await buildSite()
      site = await serve(port)
      return visit(browser, site.origin)
    }
    const first = await visit(browser, site.origin)
    await writeCode({ 'js/scene.js': (CODE['js/scene.js'] ?? '').replace('A scene', 'One scene') })
    const edited = await again()
    await usePackage(packages.after)
    const updated = await again()
    await site.app.close()
    return { first, edited, updated }
  } finally {
    await browser.close()
  }
}

async function writeCode(code: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(folder, 'assets/js'), { recursive: true })
  for (const [name, text] of Object.entries(code)) await writeFile(join(folder, 'assets', name), text)
}

async function usePackage(three: string): Promise<void> {
  const place = join(folder, 'node_modules/three')
  await rm(place, { force: true })
  await symlink(three, place)
}

async function buildSite(): Promise<void> {
  if (bundler === 'vite') await bundle()
  const { build } = (await load('build.js')) as {
    build(options: object, at: object): Promise<unknown>
  }
  const importMap = bundler === 'none' ? { packages: 'auto' } : {}
  // What one contestant has compressed the next need not: only visits are measured.
  const shared = { encodings: ['br'], cache: { dir: join(folder, '..', 'page cache') } }
  const sources = [bundler === 'none' ? 'assets' : 'bundled']
  const options = { sources, importMap, dictionaries, ...shared }
  await build(options, { cwd: folder })
}

async function bundle(): Promise<void> {
  const { build } = await import('vite')
  const input = 'assets/js/app.js'
  const output = { outDir: 'bundled', manifest: true, emptyOutDir: true, rollupOptions: { input } }
  await build({ root: folder, configFile: false, logLevel: 'silent', build: output })
}

async function serve(port: number): Promise<{ readonly app: FastifyInstance; readonly origin: string }> {
  const app = Fastify({ forceCloseConnections: true })
  const { default: plugin } = (await load('index.js')) as { default: FastifyPluginAsync<{ root: string }> }
  await app.register(plugin, { root: join(folder, 'staticfiles') })
  app.get('/', (_request, reply) => {
    const { importMap, staticHelpers } = app as unknown as PageHelpers
    const tags =
      bundler === 'vite'
        ? staticHelpers.viteTags('assets/js/app.js')
        : importMap.call(app, { entries: ['js/app.js'] }) +
          staticHelpers.moduleTag('js/app.js', { preload: true })
    return reply.type('text/html').send(`<!doctype html><link rel="icon" href="data:,">${tags}<body></body>`)
  })
  return { app, origin: await app.listen({ host: '127.0.0.1', port }) }
}

interface PageHelpers {
  importMap(options: { readonly entries: readonly string[] }): string
  readonly staticHelpers: {
    moduleTag(name: string, options: { readonly preload: true }): string
    viteTags(name: string): string
  }
}

async function visit(browser: BrowserContext, origin: string): Promise<Visit> {
  const page = await browser.newPage()
  const client = await browser.newCDPSession(page)
  await client.send('Network.enable')
  await client.send('Network.emulateNetworkConditions', SLOW_LINE)
  const cached = new Set<string>()
  const received = new Map<string, number>()
  client.on('Network.requestServedFromCache', ({ requestId }) => cached.add(requestId))
  client.on('Network.responseReceived', ({ requestId, response }) => {
    if (response.fromDiskCache === true || response.url.startsWith('data:')) cached.add(requestId)
  })
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    received.set(requestId, encodedDataLength),
  )
  await page.goto(origin)
  await page.waitForSelector('h1')
  const paint = await firstPaint(page)
  // The browser stores what it may use as a dictionary after the page has it.
  await page.waitForTimeout(1000)
  await page.close()
  const loaded = [...received].filter(([requestId]) => !cached.has(requestId))
  return { requests: loaded.length, bytes: loaded.reduce((sum, [, bytes]) => sum + bytes, 0), paint }
}

process.stdout.write(JSON.stringify(await measure()))
