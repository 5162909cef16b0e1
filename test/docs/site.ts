import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { PAGES, urlOf } from '../../docs/.vitepress/pages.ts'
import { openBrowser } from '../support/browser.ts'
import { REPOSITORY } from '../support/cli.ts'
import { takeLock } from '../support/lock.ts'
import { findFaults } from '../support/look.ts'

/** Every page of the site, by its URL. */
export const URLS: readonly string[] = [...PAGES.map(({ file }) => urlOf(file)), '/charts/benchmarks.html']

/** Test files that share the pages: each has to end within its time on a busy machine, too. */
const SHARES = 4

/** The pages of one of the test files. @param share from 1 to 4 */
export function urlsOf(share: number): readonly string[] {
  return URLS.filter((_url, at) => at % SHARES === share - 1)
}

/**
 * Builds the documentation, once for all test files of a run, and serves it as `npm run docs:serve` does.
 *
 * @returns its address
 */
export async function startSite(context: TestContext): Promise<string> {
  await buildOnce()
  const server = spawn(process.execPath, ['docs/site/server.js'], {
    cwd: REPOSITORY,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  context.after(async () => {
    server.kill()
    if (server.exitCode === null) await once(server, 'exit')
  })
  for await (const line of createInterface(server.stdout)) {
    const address = /http:\/\/[\w.:]+/.exec(line)
    if (address !== null) return address[0]
  }
  throw new Error('the site ended before it had an address')
}

/** Pages with every kind of block and every language: their colours are those of all others. */
const SAMPLES = new Set(['/', '/serving.html', '/guides/ci.html', '/templates/pug.html'])

/** A page of twelve thousand elements; test/bench/report looks at its colours. */
const CHARTS = '/charts/benchmarks.html'

/** Looks at some pages of the site in light and dark, at 1280 and 375 px. Returns what is wrong with them. */
export async function findFaultsOf(
  context: TestContext,
  pages: readonly string[],
): Promise<readonly string[]> {
  const origin = await startSite(context)
  const browser = await openBrowser(context)
  const faults: string[] = []
  const urls = [...pages]
  const visit = async () => {
    for (let url = urls.pop(); url !== undefined; url = urls.pop()) {
      const contrast = SAMPLES.has(url) ? 'all' : url === CHARTS ? 'none' : 'two'
      faults.push(...(await findFaults(browser, origin + url, { contrast, unfold: url !== CHARTS })))
    }
  }
  await Promise.all([visit(), visit()])
  return faults
}

async function buildOnce(): Promise<void> {
  const run = process.env['FINGERPOST_TEST_RUN']
  if (run === undefined) return build()
  const done = join(run, 'docs-site.done')
  if (takeLock(join(run, 'docs-site.lock'))) {
    await build().catch((error: unknown) => {
      // Those that wait build for themselves, and tell what is wrong.
      rmSync(join(run, 'docs-site.lock'), { recursive: true })
      throw error
    })
    writeFileSync(done, '')
    return
  }
  while (!existsSync(done)) {
    if (!existsSync(join(run, 'docs-site.lock'))) return buildOnce()
    await sleep(200)
  }
}

async function build(): Promise<void> {
  await promisify(execFile)('npm', ['run', '--silent', 'docs:site'], { cwd: REPOSITORY })
}
