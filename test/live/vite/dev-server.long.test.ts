import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { constants } from 'node:http2'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import helmet from '@fastify/helmet'
import Fastify, { type FastifyInstance } from 'fastify'
import { createServer, type InlineConfig, type Plugin } from 'vite'
import { type FingerpostOptions, fingerpost } from '../../../src/index.ts'
import { openBrowser } from '../../support/browser.ts'
import { REPOSITORY } from '../../support/cli.ts'
import { exchange } from '../../support/exchange.ts'
import { openSession } from '../../support/http2-session.ts'
import { hasTool } from '../../support/require.ts'
import { Link, makeTree } from '../../support/tree.ts'

const PROJECT = {
  'src/main.js': `import './main.css'
import { text } from './text.js'
document.querySelector('h1').textContent = text
import.meta.hot.accept('./text.js', (next) => { document.querySelector('h1').textContent = next.text })`,
  'src/text.js': "export const text = 'first'",
  'src/main.css': 'h1{color:rgb(1,2,3)}',
  assets: { 'css/own.css': 'h1{margin:7px}' },
  'package.json': '{"type":"module"}',
}

/** What @vitejs/plugin-react serves, which the preamble needs. */
const REACT_REFRESH: Plugin = {
  name: 'react-refresh',
  resolveId: (id) => (id === '/@react-refresh' ? id : undefined),
  load: (id) =>
    id === '/@react-refresh'
      ? 'export const injectIntoGlobalHook = () => { window.hooks = (window.hooks ?? 0) + 1 }'
      : undefined,
}

async function startVite(context: TestContext, root: string, config: InlineConfig = {}): Promise<string> {
  const server = await createServer({
    ...{ root, base: '/static/', configFile: false, logLevel: 'silent' },
    server: { port: 0, host: '127.0.0.1' },
    ...config,
  })
  await server.listen()
  context.after(() => server.close())
  const address = server.httpServer?.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}/static`
}

/** An app whose page has the tags of two entries. */
async function startApp(context: TestContext, options: FingerpostOptions): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true })
  context.after(() => app.close())
  await app.register(fingerpost, options)
  app.get('/', async (_request, reply) => {
    reply.type('text/html')
    const { viteTags, stylesheetTag } = reply.staticHelpers
    return `<!doctype html>${stylesheetTag('css/own.css')}${viteTags('src/main.js')}${viteTags('src/main.css')}<h1></h1>`
  })
  return app
}

test('pages load their entries from the dev server at an address, with hot updates', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const cwd = makeTree(context, PROJECT)
  const vite = await startVite(context, cwd, { plugins: [REACT_REFRESH] })
  const sources = [join(cwd, 'assets'), join(cwd, 'dist')]
  const app = await startApp(context, { live: { vite }, sources })
  const page = await (await openBrowser(context)).newPage()
  const failures: string[] = []
  page.on('pageerror', ({ message }) => failures.push(message))
  page.on(
    'console',
    (message) =>
      message.type() === 'error' &&
      !message.location().url.endsWith('/favicon.ico') &&
      failures.push(message.text()),
  )
  await page.goto(await app.listen({ port: 0, host: '127.0.0.1' }))
  await page.waitForFunction("document.querySelector('h1').textContent === 'first'")
  const style = "getComputedStyle(document.querySelector('h1'))"
  await page.waitForFunction(`${style}.color === 'rgb(1, 2, 3)' && ${style}.marginTop === '7px'`)
  assert.equal(await page.evaluate('window.hooks'), 1, 'one preamble for a page with two entries')
  await page.evaluate('window.isOld = true')
  writeFileSync(join(cwd, 'src/text.js'), "export const text = 'second'")
  await page.waitForFunction("document.querySelector('h1').textContent === 'second'")
  assert.equal(await page.evaluate('window.isOld'), true, 'the page was not loaded again')
  assert.deepEqual(failures, [])
})

test('the preamble of React is written only where Vite has its plugin', async (context) => {
  const cwd = makeTree(context, { ...PROJECT, 'index.html': 'what Vite answers for an unknown path' })
  const vite = await startVite(context, cwd, { appType: 'spa' })
  const app = await startApp(context, { live: { vite }, sources: [join(cwd, 'assets')] })
  const { body } = await app.inject({ url: '/', headers: { accept: 'text/html' } })
  assert.match(body, new RegExp(`<script type="module" src="${vite}/@vite/client"></script>`))
  assert.match(body, new RegExp(`<script type="module" src="${vite}/src/main.js"></script>`))
  assert.match(body, new RegExp(`<link rel="stylesheet" href="${vite}/src/main.css">`))
  assert.doesNotMatch(body, /react-refresh/)
})

test('a dev server that is not running yet is named once, and asked again', async (context) => {
  const cwd = makeTree(context, PROJECT)
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => lines.push(line) } } })
  context.after(() => app.close())
  const server = await createServer({
    root: cwd,
    logLevel: 'silent',
    plugins: [REACT_REFRESH],
    server: { host: '127.0.0.1', port: 0 },
  })
  await server.listen()
  const address = server.httpServer?.address()
  assert.ok(typeof address === 'object' && address !== null)
  await server.close()
  const { port } = address
  await app.register(fingerpost, { live: { vite: `http://127.0.0.1:${port}` }, sources: [] })
  app.get('/', async (_request, reply) => reply.staticHelpers.viteTags('src/main.js'))
  const visit = async () => (await app.inject({ url: '/', headers: { accept: 'text/html' } })).body
  assert.doesNotMatch(await visit(), /react-refresh/)
  assert.doesNotMatch(await visit(), /react-refresh/)
  assert.equal(lines.filter((line) => line.includes('npx vite')).length, 1, lines.join())
  await startVite(context, cwd, {
    ...{ base: '/', plugins: [REACT_REFRESH] },
    server: { host: '127.0.0.1', port, strictPort: true },
  })
  assert.match(await visit(), /react-refresh/)
})

const CONFIG = `
const id = '/@react-refresh'
export default {
  logLevel: 'silent',
  base: '/static/',
  server: { origin: 'http://localhost:1' },
  plugins: [{
    name: 'react-refresh',
    resolveId: (given) => (given === id ? id : undefined),
    load: (given) => (given === id ? 'export const injectIntoGlobalHook = () => { window.hooks = 1 }' : undefined),
  }],
}`

test('Vite in the app works below a strict policy, and ends with the app while pages are open', async (context) => {
  if (!hasTool(context, 'chromium')) return
  const cwd = makeTree(context, { ...PROJECT, 'vite.config.js': CONFIG })
  const before = process.cwd()
  process.chdir(cwd)
  context.after(() => process.chdir(before))
  const app = Fastify()
  context.after(() => app.close())
  const directives = { defaultSrc: ["'self'"], scriptSrc: [], styleSrc: [] }
  await app.register(helmet, { contentSecurityPolicy: { directives }, enableCSPNonces: true })
  await app.register(fingerpost, { live: { vite: true, reload: false }, sources: ['assets', 'dist'] })
  app.get('/', async (_request, reply) => {
    reply.type('text/html')
    return `<!doctype html>${reply.staticHelpers.viteTags('src/main.js')}<h1></h1>`
  })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  const page = await (await openBrowser(context)).newPage()
  await page.goto(origin)
  // The policy forbids waitForFunction, which evaluates text.
  await page.locator('h1', { hasText: 'first' }).waitFor()
  const seen = await page.evaluate("[window.hooks, getComputedStyle(document.querySelector('h1')).color]")
  assert.deepEqual(seen, [1, 'rgb(1, 2, 3)'])
  writeFileSync(join(cwd, 'src/text.js'), "export const text = 'second'")
  await page.locator('h1', { hasText: 'second' }).waitFor()
  const url = '/static/__fingerpost/vite/src/main.js'
  const foreign = await app.inject({ url, headers: { host: 'stranger.example' } })
  assert.equal(foreign.statusCode, 403)
  const missing = await app.inject('/static/__fingerpost/vite/src/mian.js')
  assert.equal(missing.statusCode, 404)
  await app.close()
})

test('node --watch starts an app with Vite in it once', async (context) => {
  const cwd = makeTree(context, {
    ...PROJECT,
    'vite.config.js': CONFIG,
    'node_modules/vite': new Link(join(REPOSITORY, 'node_modules/vite')),
    'app.js': `
      import Fastify from ${JSON.stringify(import.meta.resolve('fastify'))}
      import fingerpost from ${JSON.stringify(pathToFileURL(join(REPOSITORY, 'dist/index.js')).href)}
      console.log('started')
      const app = Fastify()
      await app.register(fingerpost, { live: { vite: true }, sources: ['assets'] })
      app.get('/', (request, reply) => reply.staticHelpers.viteTags('src/main.js'))
      await app.ready()
      const { body } = await app.inject({ url: '/', headers: { accept: 'text/html' } })
      console.log('answered', body)
      setInterval(() => {}, 1000)`,
  })
  const app = spawn(process.execPath, ['--watch', 'app.js'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  context.after(() => app.kill())
  let output = ''
  app.stdout.on('data', (piece) => {
    output += piece
  })
  while (!output.includes('answered')) await once(app.stdout, 'data')
  // The temporary file of the configuration would have been removed by now.
  await sleep(2000)
  assert.equal(output.match(/started/g)?.length, 1)
  assert.match(output, /react-refresh/)
})

test('Vite in the app is asked in its turn, and pages of other origins cannot read what it answers', async (context) => {
  const counting = `export default { logLevel: 'silent', plugins: [{
    name: 'counting',
    configureServer: ({ middlewares }) =>
      void middlewares.use((_request, _response, next) => { globalThis.asked = (globalThis.asked ?? 0) + 1; next() }),
  }] }`
  const large = `export const text = '${'x'.repeat(8_000_000)}'`
  const cwd = makeTree(context, {
    'vite.config.js': counting,
    'src/large.js': large,
    assets: { 'a.css': '' },
  })
  const before = process.cwd()
  process.chdir(cwd)
  context.after(() => process.chdir(before))
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { live: { vite: true, reload: false }, sources: ['assets'] })
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  const url = '/static/__fingerpost/vite/src/large.js'
  const { status, headers } = await exchange(port, url, { origin: 'http://localhost:9' })
  assert.deepEqual([status, headers['access-control-allow-origin']], [200, undefined])
  const asked = () => (globalThis as { asked?: number }).asked ?? 0
  assert.equal(asked(), 1)
  const socket = connect(port, '127.0.0.1', () =>
    socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(50)),
  )
  await once(socket, 'readable')
  await sleep(300)
  assert.equal(asked(), 2, 'those behind the first wait')
  socket.resetAndDestroy()
  await once(socket, 'close')
  assert.equal((await exchange(port, url)).status, 200)
  assert.ok(asked() <= 4, `those that waited are gone, ${asked()}`)
})

/** Vite in an app, with a file in `public` that a connection does not take at once. */
async function serveLarge(context: TestContext, stallSeconds: number, http2 = false) {
  const large = randomBytes(20_000_000)
  const cwd = makeTree(context, {
    'vite.config.js': "export default { logLevel: 'silent' }",
    'package.json': '{"type":"module"}',
    'src/large.js': `export const text = '${'x'.repeat(8_000_000)}'`,
    public: { 'large.bin': large },
    assets: { 'a.css': '' },
  })
  const before = process.cwd()
  process.chdir(cwd)
  context.after(() => process.chdir(before))
  const app = (http2 ? Fastify({ http2: true }) : Fastify()) as unknown as FastifyInstance
  context.after(() => app.close())
  await app.register(fingerpost, { live: { vite: true, reload: false }, sources: ['assets'], stallSeconds })
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  return { app, port, large, url: '/static/__fingerpost/vite/large.bin' }
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('large.bin')
    } catch {
      return false
    }
  }).length
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await holds()); waited += 20) {
    assert.ok(waited < 20_000, String(holds))
    await sleep(20)
  }
}

test('files that Vite sends are closed when their client resets the connection', async (context) => {
  const { port, large, url } = await serveLarge(context, 60)
  for (let n = 0; n < 5; n++) {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
    )
    await once(socket, 'readable')
    assert.equal(openDescriptors(), 1)
    socket.resetAndDestroy()
    await until(() => openDescriptors() === 0)
  }
  assert.ok((await exchange(port, url)).body.equals(large))
})

test('files that Vite sends are closed when their stream of HTTP/2 is reset', async (context) => {
  const { port, large, url } = await serveLarge(context, 60, true)
  const { session, cut } = await openSession(port)
  for (const code of [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR]) {
    const stream = session.request({ ':path': url })
    stream.on('error', () => undefined)
    await once(stream, 'response')
    assert.equal(openDescriptors(), 1)
    stream.close(code)
    await until(() => openDescriptors() === 0)
  }
  const whole = Buffer.concat(await session.request({ ':path': url }).toArray())
  assert.ok(whole.equals(large))
  cut()
})

for (const name of ['large.bin', 'src/large.js'])
  test(`a client that takes nothing of what Vite sends is disconnected (${name})`, async (context) => {
    const { app, port } = await serveLarge(context, 1)
    const request = `GET /static/__fingerpost/vite/${name} HTTP/1.1\r\nHost: localhost\r\n\r\n`
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    context.after(() => socket.destroy())
    socket.on('error', () => undefined)
    await once(socket, 'readable')
    await until(() => new Promise((done) => app.server.getConnections((_, count) => done(count === 0))))
    await until(() => openDescriptors() === 0)
  })
