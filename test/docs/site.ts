import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { PAGES, urlOf } from '../../docs/.vitepress/pages.ts'
import { REPOSITORY } from '../support/cli.ts'

/** Every page of the site, by its URL. */
export const URLS: readonly string[] = [...PAGES.map(({ file }) => urlOf(file)), '/charts/benchmarks.html']

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

async function buildOnce(): Promise<void> {
  const run = process.env['FINGERPOST_TEST_RUN']
  if (run === undefined) return build()
  const done = join(run, 'docs-site.done')
  if (takeTurn(join(run, 'docs-site.lock'))) {
    await build().catch((error: unknown) => {
      // Whoever waits builds for itself, and tells what is wrong.
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

function takeTurn(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    return false
  }
}
