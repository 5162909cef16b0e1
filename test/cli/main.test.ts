import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { COMMANDS } from '../../src/cli/commands.ts'
import { CLI, REPOSITORY } from '../support/cli.ts'
import { makeTree } from '../support/tree.ts'
import { runIn } from './support.ts'

test('help names every command, on standard output', async () => {
  for (const word of ['--help', '-h', 'help']) {
    const { code, stdout, stderr } = await runIn('/', word)
    assert.equal(code, 0)
    assert.equal(stderr, '')
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
    for (const [name, { summary }] of Object.entries(COMMANDS)) {
      assert.ok(stdout.includes(`  ${name.padEnd(9)}${summary}\n`), name)
    }
  }
})

for (const [name, { load }] of Object.entries(COMMANDS)) {
  test(`${name} has a help that names all its options and fits 80 columns`, async () => {
    const { code, stdout } = await runIn('/', name, 'whatever', '--help', '--nonsense')
    assert.equal(code, 0)
    for (const option of Object.keys((await load()).command.options))
      assert.match(stdout, new RegExp(`--${option}\\b`))
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
    assert.equal((await runIn('/', 'help', name)).stdout, stdout)
  })

  test(`${name} refuses an unknown option with exit code 2`, async (context) => {
    const { code, stdout, stderr } = await runIn(makeTree(context), name, '--jsno')
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^fingerpost: Unknown option --jsno\.\n/)
  })
}

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'))
  assert.equal((await runIn('/', '--version')).stdout, `${version}\n`)
})

test('a command that is misspelt, missing or late is wrong usage with a way out', async () => {
  const misspelt = await runIn('/', 'fnid')
  assert.equal(misspelt.code, 2)
  assert.match(misspelt.stderr, /Did you mean fingerpost find\?/)
  const missing = await runIn('/')
  assert.equal(missing.code, 2)
  assert.match(missing.stderr, /Usage/)
  const late = await runIn('/', '--json', 'find', 'x')
  assert.equal(late.code, 2)
  assert.match(late.stderr, /The command comes first/)
})

test('an error of our own is a message, without a stack', async (context) => {
  const { code, stderr } = await runIn(makeTree(context), 'find', 'a.css', 'nowhere')
  assert.equal(code, 1)
  assert.match(stderr, /^fingerpost: The source \S+nowhere doesn't exist\.\n/)
  assert.doesNotMatch(stderr, /\bat /)
})

test('the program itself: exit codes, streams, no colour in a pipe, colour if it is forced', () => {
  const plain = spawnSync(process.execPath, [CLI, 'fnid'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  })
  assert.equal(plain.status, 2)
  assert.equal(plain.stdout, '')
  assert.equal(plain.stderr, 'fingerpost: Unknown command "fnid".\n  Did you mean fingerpost find?\n')
  const forced = spawnSync(process.execPath, [CLI, 'fnid'], {
    encoding: 'utf8',
    env: { FORCE_COLOR: '1' },
  })
  assert.match(forced.stderr, /^\u001b\[31mfingerpost:\u001b\[39m/)
})

test('a reader that leaves early is no error', { timeout: 20_000 }, async () => {
  const child = spawn(process.execPath, [CLI, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  assert.equal(stderr, '')
  assert.equal(code, 0)
})

test('wrong usage is an object too where JSON was asked for', async (context) => {
  for (const words of [
    ['build', '--nope', '--json'],
    ['biuld', '--json'],
  ]) {
    const { code, stdout } = await runIn(makeTree(context), ...words)
    assert.equal(code, 2)
    assert.equal(JSON.parse(stdout).error.code, 'FP_USAGE')
  }
  assert.equal((await runIn(makeTree(context), 'build', '--nope', '--', '--json')).stdout, '')
})
