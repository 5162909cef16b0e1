import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { REPOSITORY, runCli } from '../support/cli.ts'
import { makeTree } from '../support/tree.ts'

/** Looks for what didn't load, from inside the page. */
const FIND_BROKEN = readFileSync(join(import.meta.dirname, 'find-broken.js'), 'utf8')

/** Builds the demo and checks what came of it. Returns the build's folder. */
export async function buildDemo(context: TestContext): Promise<string> {
  const root = join(makeTree(context), 'staticfiles')
  const config = ['--config', 'docs/demo/fingerpost.config.js']
  const built = await runCli(REPOSITORY, ['build', ...config, '--out', root])
  assert.equal(built.code, 0, built.stderr)
  const checked = await runCli(REPOSITORY, ['check', '--out', root, '--templates', 'docs/demo/views/**'])
  assert.equal(checked.code, 0, checked.stderr)
  return root
}

/** The demo in a folder of its own, where it may be edited. Returns what stands for the repository. */
export function copyDemo(context: TestContext): string {
  const home = makeTree(context, { docs: {} })
  for (const name of ['package.json', 'dist', 'node_modules']) {
    symlinkSync(join(REPOSITORY, name), join(home, name))
  }
  const isSource = (file: string) => !/\/docs\/demo\/(staticfiles|media)(\/|$)/.test(file)
  cpSync(join(REPOSITORY, 'docs/demo'), join(home, 'docs/demo'), { recursive: true, filter: isSource })
  return home
}

/**
 * Serves a build's folder, or with `--live` the sources. Returns the address.
 *
 * @param home the repository, or a copy of the demo
 */
export async function startDemo(
  context: TestContext,
  home: string,
  what: string,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const server = spawn(process.execPath, [join(home, 'docs/demo/server.js'), what], {
    env: { ...process.env, ...settings, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(() => stop(server))
  for await (const line of createInterface(server.stdout)) {
    const address = /http:\/\/[\w.:]+/.exec(line)
    if (address !== null) return address[0]
  }
  throw new Error('the demo ended before it had an address')
}

/** Ends a server as Ctrl-C would. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit', { signal: AbortSignal.timeout(20_000) })
  server.kill()
  await ended.catch(() => {
    server.kill('SIGKILL')
    throw new Error('the demo was still running 20 s after SIGTERM')
  })
}

/** What a browser makes of a page. */
export interface Visit {
  /** Console errors, exceptions, failed requests and answers from 400 on. */
  readonly complaints: readonly string[]
  /** Stylesheets, fonts and images of the page that aren't there. */
  readonly broken: readonly string[]
  readonly responses: readonly { readonly url: string; readonly fromNetwork: boolean }[]
}

/** Loads a page and everything on it. */
export async function visitPage(browser: BrowserContext, url: string): Promise<Visit> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`))
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`)
  })
  const responses = await recordResponses(page)
  await page.goto(url, { waitUntil: 'networkidle' })
  const broken = (await page.evaluate(FIND_BROKEN)) as string[]
  await page.close()
  return { complaints, broken, responses }
}

/** What the network layer itself says of each answer (Chrome DevTools Protocol, Network). */
async function recordResponses(page: Page) {
  const responses: { url: string; fromNetwork: boolean }[] = []
  const session = await page.context().newCDPSession(page)
  const cached = new Set<string>()
  session.on('Network.requestServedFromCache', ({ requestId }) => cached.add(requestId))
  session.on('Network.responseReceived', ({ requestId, response }) => {
    const fromNetwork = !cached.has(requestId) && response.fromDiskCache !== true
    responses.push({ url: response.url, fromNetwork })
  })
  await session.send('Network.enable')
  return responses
}
