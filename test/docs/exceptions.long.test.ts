import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { parseCommandLine } from '../../bench/command-line.ts'
import { planStages } from '../../bench/plan.ts'
import { TOOL_PACKAGES } from '../../bench/setup/tools.ts'
import { createDigester } from '../../src/core/digest.ts'
import {
  type Delta,
  DICTIONARIES_FILE,
  deltaPath,
  formatDictionaries,
  parseDictionaries,
} from '../../src/core/manifest/dictionaries.ts'
import { REPOSITORY, runCli, runNode } from '../support/cli.ts'
import { cleanEnvironment } from '../support/environment.mjs'
import { start } from '../support/exchange.ts'
import { writeBuild } from '../support/fixture-build.ts'
import { makeTree } from '../support/tree.ts'
import { blocksOf, makeProject } from './guide.ts'

// The blocks that don't run as they are, listed in reference-pages.ts: each as far as it can run in a test.

/** The one block of a page that contains this text. */
function blockWith(page: string, text: string): string {
  return blocksOf(page).find(({ code }) => code.includes(text))?.code ?? assert.fail(`${page} has no ${text}`)
}

/** What is not a part of a fresh copy of the repository. */
const MADE = /^(?:node_modules|dist|coverage|\.git|\.cache|docs\/demo\/(?:staticfiles|media))$/

test('README: the demo is built and served from a fresh copy of the repository', {
  timeout: 290_000,
}, async (context) => {
  const [line = ''] = blockWith('README.md', 'npm run demo').split('  #')
  const { cwd, env } = makeProject(context, {})
  const isSource = (file: string) =>
    !MADE.test(
      file
        .slice(REPOSITORY.length + 1)
        .split(sep)
        .join('/'),
    )
  cpSync(REPOSITORY, cwd, { recursive: true, filter: isSource })
  // Compresses what another run has not.
  mkdirSync(join(REPOSITORY, '.cache'), { recursive: true })
  symlinkSync(join(REPOSITORY, '.cache'), join(cwd, '.cache'))
  const demo = spawn('bash', ['-c', line], {
    cwd,
    env: { ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  context.after(() => endGroup(demo.pid))
  for await (const text of createInterface(demo.stdout)) {
    const url = /The demo is at (\S+)/.exec(text)?.[1]
    if (url === undefined) continue
    assert.match(await (await fetch(url)).text(), /href="\/static\/css\/site\.[0-9a-f]{16}\.css"/)
    endGroup(demo.pid)
    if (demo.exitCode === null) await once(demo, 'exit')
    return
  }
  assert.fail('the demo ended before it had an address')
})

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid)
  } catch {
    // Ended already.
  }
}

test('benchmarks: every command line selects something to measure', () => {
  const lines = ['docs/benchmarks-in-detail.md', 'docs/npm-packages.md'].flatMap((page) =>
    blockWith(page, 'npm run bench')
      .split('\n')
      .filter((line) => line.startsWith('npm run bench')),
  )
  assert.ok(lines.length > 8)
  for (const line of lines) {
    const script = `printf '%s\\n' ${line.replace(/^npm run bench(?: --)?/, '')}`
    const argv = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n').filter(Boolean)
    const { action, subjects, quick, maxFiles, only } = parseCommandLine(argv)
    assert.equal(action, 'measure')
    const settings = { quick, maxFiles, profileFolder: undefined }
    const node = { name: 'Node', path: process.execPath }
    const stages = planStages(subjects, { settings, runtime: node, newer: node })
    assert.ok(
      stages.some(({ name }) => name.includes(only)),
      line,
    )
  }
})

test('benchmarks: the packages of the system are those that the suite looks for', (context) => {
  const bin = makeTree(context, { 'apt-get': '#!/bin/sh\necho "$@"\n' })
  execFileSync('chmod', ['+x', join(bin, 'apt-get')])
  const env = { ...cleanEnvironment(), PATH: `${bin}:${process.env['PATH']}` }
  const script = blockWith('docs/benchmarks-in-detail.md', 'apt-get install')
  const words = execFileSync('bash', ['-e', '-c', script], { env, encoding: 'utf8' }).trim().split(' ')
  assert.deepEqual(words.slice(0, 3), ['install', '-y', '--no-install-recommends'])
  // Every Debian has util-linux.
  const needed = new Set(TOOL_PACKAGES.filter((name) => name !== 'util-linux'))
  assert.deepEqual(words.slice(3).sort(), [...needed].sort())
})

test('dictionaries: the command shows whether an answer is a delta', async (context) => {
  const digester = await createDigester()
  const [old, now] = ['a{color:red}'.repeat(200), 'b{color:red}'.repeat(200)]
  const root = makeTree(context)
  await writeBuild(root, { 'app.js': old })
  const { assets } = await writeBuild(root, { 'app.js': now })
  const { file = '', etag: to = '' } = assets.get('app.js') ?? {}
  const bytes = Buffer.from('a delta')
  const delta: Delta = {
    ...{
      file,
      to,
      from: digester.of(Buffer.from(old)),
      dictionary: createHash('sha256').update(old).digest('base64'),
    },
    encodings: { dcb: { size: bytes.length, etag: digester.of(bytes) } },
  }
  writeFileSync(join(root, deltaPath(delta, 'dcb')), bytes)
  writeFileSync(join(root, DICTIONARIES_FILE), formatDictionaries({ minBytes: 1024, deltas: [delta] }))
  const { port } = await start(context, { root, watch: false })
  const command = blockWith('docs/dictionaries.md', 'curl -sD-').replace(
    'https://example.com/static/app.….js',
    `http://127.0.0.1:${port}/static/${file}`,
  )
  const run = async (dictionary: string) => {
    const script = command.replace('AAAA…=', dictionary)
    assert.doesNotMatch(script, /…/)
    return (await promisify(execFile)('bash', ['-e', '-c', script])).stdout
  }
  assert.match(await run(delta.dictionary), /^HTTP\/1\.1 200[\s\S]*content-encoding: dcb/i)
  const other = await run(`${'A'.repeat(43)}=`)
  assert.match(other, /^HTTP\/1\.1 200[\s\S]*^vary: .*available-dictionary/im)
  assert.doesNotMatch(other, /dcb/)
})

test('dictionaries: the sample is one that a server reads', () => {
  const sample = blockWith('docs/dictionaries.md', '"minBytes": 1024')
    .replace(/\/\/ .*$/gm, '')
    .replace('X/xv…', `${'X'.repeat(43)}=`)
    .replace('88a6…', '88a6000000000000')
  const { minBytes, deltas } = parseDictionaries(sample, 'the page')
  assert.equal(minBytes, 1024)
  assert.equal(deltas[0]?.encodings.dcb?.size, 208)
})

test('references: the sample is what a build says of a broken reference', async (context) => {
  const sample = blockWith('docs/references.md', 'css/site.css:12:18')
  const cwd = makeTree(context, {
    'assets/css/site.css': `body {\n${'\n'.repeat(10)} background: url(../img/logo.svg);\n}\n`,
    'assets/img/logo2.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  })
  const { code, stderr } = await runCli(cwd, ['build', 'assets'])
  assert.equal(code, 1)
  assert.ok(stderr.includes(sample), stderr)
})

test('security: the words of the commands select tests, and properties are tried for so long', async (context) => {
  const block = blockWith('docs/security.md', 'npm run soak')
  const files = readdirSync(join(REPOSITORY, 'test'), { recursive: true, encoding: 'utf8' })
  const words = /^npm test -- (.*)$/m.exec(block)?.[1]?.split(' ') ?? []
  assert.ok(words.length > 3)
  for (const word of words)
    assert.ok(
      files.some((file) => file.endsWith('.test.ts') && file.includes(word)),
      word,
    )
  const fuzz = /^npm run (fuzz -- 60 \w+)/m.exec(block)?.[1] ?? assert.fail('the page has no npm run fuzz')
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'))
  assert.equal(scripts.fuzz, 'node test/run.mjs --fuzz')
  assert.match(scripts.soak, / test\/soak\/soak\.ts$/)
  const args = ['test/run.mjs', '--fuzz', ...fuzz.replace('60', '1').split(' ').slice(2)]
  await run(context, args)
})

async function run(context: TestContext, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runNode(args, { cwd: REPOSITORY, env: {} })
  assert.equal(code, 0, stdout + stderr)
  context.diagnostic(stdout.trim().split('\n').at(-1) ?? '')
}
