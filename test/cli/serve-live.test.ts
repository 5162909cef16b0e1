import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CLI } from '../support/cli.ts'
import { makeTree, type Tree } from '../support/tree.ts'

const SITE: Tree = {
  'assets/css/site.css': '@import "base.css";',
  'assets/css/base.css': 'a{color:red}',
  'assets/img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
}

interface Start {
  /** Default: the folder `assets`. */
  readonly sources?: readonly string[]
  /** A command that starts commands. */
  readonly wrap?: readonly string[]
}

/** Starts the command in a process of its own. */
async function startLive(context: TestContext, cwd: string, { sources = ['assets'], wrap = [] }: Start = {}) {
  const line = [...wrap, process.execPath, CLI, 'serve', '--live', '--port', '0', ...sources]
  const [command = '', ...args] = line
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  context.after(() => child.kill('SIGKILL'))
  const said: string[] = []
  // The runtime has warnings of its own.
  createInterface(child.stderr).on('line', (text) => text.startsWith('fingerpost') && said.push(text))
  return { child, said, url: await firstLine(child, said) }
}

async function firstLine(child: ChildProcess, said: readonly string[]): Promise<string> {
  if (child.stdout === null) throw new Error('no output')
  for await (const line of createInterface(child.stdout)) return line
  throw new Error(`it ended without a word: ${said.join('\n')}`)
}

/** What live reload is told, as it comes. */
async function* changes(url: string): AsyncGenerator<string> {
  const response = await fetch(new URL('__fingerpost/events', url))
  let text = ''
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end)
      text = text.slice(end + 2)
      if (event.includes('event: change')) yield event
    }
  }
}

const bodyOf = async (url: string) => (await fetch(url)).text()

test('serve --live serves the sources, and a save with them, until it is told to end', async (context) => {
  const cwd = makeTree(context, SITE)
  const { child, url } = await startLive(context, cwd)
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/static\/$/)
  const [, before = ''] = /"(base\..*)"/.exec(await bodyOf(`${url}css/site.css`)) ?? []
  assert.match(before, /^base\.[0-9a-f]{16}\.css$/)
  assert.equal(await bodyOf(`${url}css/${before}`), 'a{color:red}')
  writeFileSync(join(cwd, 'assets/css/base.css'), 'a{color:tan}')
  const [, after = ''] = /"(base\..*)"/.exec(await bodyOf(`${url}css/site.css`)) ?? []
  assert.notEqual(after, before)
  assert.equal(await bodyOf(`${url}css/${after}`), 'a{color:tan}')
  assert.match(await bodyOf(url), /<a href=".\/css\/site.css">css\/site.css<\/a>/)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})

test('serve --live without sources serves those of the config file, with its options', async (context) => {
  const config = { sources: ['pre=assets'], url: '/files/' }
  const cwd = makeTree(context, { ...SITE, 'fingerpost.config.json': JSON.stringify(config) })
  const { url } = await startLive(context, cwd, { sources: [] })
  assert.match(url, /\/files\/$/)
  assert.equal(await bodyOf(`${url}pre/css/base.css`), 'a{color:red}')
})

test('serve --live in production says what to do instead', (context) => {
  const cwd = makeTree(context, SITE)
  const env = { ...process.env, NODE_ENV: 'production' }
  const argv = [CLI, 'serve', '--live', 'assets']
  const { status, stderr } = spawnSync(process.execPath, argv, { cwd, env, encoding: 'utf8' })
  assert.equal(status, 2)
  assert.match(stderr, /NODE_ENV is production[\s\S]*fingerpost build/)
})

test('serve --live says so where it has a build beside it', async (context) => {
  const cwd = makeTree(context, { ...SITE, 'staticfiles/manifest.json': '{}' })
  const { said } = await startLive(context, cwd)
  assert.deepEqual(said, [`fingerpost ignores the build in ${join(cwd, 'staticfiles')} in live mode`])
})

/** A shell in a namespace of its own, in which there are three watches for everybody: nothing outside it is touched. */
const EXHAUSTED = [
  'unshare',
  '--user',
  '--map-root-user',
  'sh',
  '-c',
  'echo 3 >/proc/sys/user/max_inotify_watches && exec "$@"',
  'sh',
]

test('where the system has no watches left, live says so and sees every save all the same', async (context) => {
  const [command = '', ...args] = EXHAUSTED
  if (spawnSync(command, [...args, 'true']).status !== 0)
    return context.skip('this system has no user namespaces')
  const folders = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`assets/more/${i}/x.css`, 'x{}']))
  const cwd = makeTree(context, { ...SITE, ...folders })
  const { url, said } = await startLive(context, cwd, { wrap: EXHAUSTED })
  const told = changes(url)
  const first = told.next()
  const before = await bodyOf(`${url}css/site.css`)
  writeFileSync(join(cwd, 'assets/css/base.css'), 'a{color:tan}')
  assert.notEqual(await bodyOf(`${url}css/site.css`), before)
  assert.match(String((await first).value), /"path":"css\/site\.css"/)
  while (said.length === 0) await delay(10)
  assert.match(
    said[0] ?? '',
    /no file system events for \S+assets and checks every half second instead: ENOSPC/,
  )
  assert.equal(said.length, 1)
  await told.return(undefined)
})
