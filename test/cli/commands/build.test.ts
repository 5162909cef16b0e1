import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { canMakeDeltas } from '../../../src/builder/compress/delta.ts'
import { CLI } from '../../support/cli.ts'
import { noise } from '../../support/deltas.ts'
import { makeTree, readTree, writeTree } from '../../support/tree.ts'
import { runIn } from '../support.ts'

const NOISE = noise('cli', 9000)

const TREE = {
  'assets/css/site.css': `a{background:url(../img/logo.svg)}${'b{color:red}'.repeat(50)}`,
  'assets/img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'theme/css/site.css': 'shadowed',
}

test('build writes the output and closes with files, bytes by encoding and time', async (context) => {
  const cwd = makeTree(context, TREE)
  const { code, stdout, stderr } = await runIn(cwd, 'build', 'assets', 'theme', 'v=theme')
  assert.equal(code, 0, stderr)
  assert.equal(stdout, '')
  assert.ok(existsSync(join(cwd, 'staticfiles/manifest.json')))
  assert.match(stderr, /shadowed {2}\S+theme\/css\/site\.css by \S+assets\/css\/site\.css/)
  assert.match(stderr, /✓ 3 files built into staticfiles in [\d.]+ m?s\n/)
  assert.match(
    stderr,
    / {2}original {2}3 files +[\d.]+ k?B\n {2}br {8}1 file .* from 651 B, \d+ % smaller\n {2}gzip {6}1 file /,
  )
})

test('build --dictionaries says what returning visitors download, or once that this Node makes no deltas', async (context) => {
  const cwd = makeTree(context, { assets: { 'a.css': NOISE, 'b.css': NOISE.slice(9) } })
  const words = ['build', 'assets', '--no-cache', '--dictionaries']
  const first = await runIn(cwd, ...words)
  writeTree(join(cwd, 'assets'), { 'a.css': `${NOISE}!`, 'b.css': `${NOISE.slice(9)}!` })
  const second = await runIn(cwd, ...words)
  assert.deepEqual([first.code, second.code], [0, 0])
  assert.doesNotMatch(first.stderr, /returning visitors/)
  const skipped = /skipped {3}dcb: needs Node 24\.15, this is \d/g
  if (canMakeDeltas('dcb')) {
    assert.match(second.stderr, /returning visitors download \d+ B of \d+\.\d kB\n/)
    assert.doesNotMatch(second.stderr, skipped)
  } else {
    assert.doesNotMatch(second.stderr, /returning visitors/)
    assert.equal(second.stderr.match(skipped)?.length, 1)
  }
  assert.doesNotMatch((await runIn(cwd, 'build', 'assets', '--no-cache')).stderr, /dcb|returning/)
})

test('a source may be a package, in the config file and on the command line', async (context) => {
  const cwd = makeTree(context, {
    'node_modules/icons/package.json': '{"name":"icons"}',
    'node_modules/icons/dist/a.svg': '<svg/>',
    'app/fingerpost.config.json': '{"sources":[{"package":"icons","dir":"dist","prefix":"v"}]}',
  })
  const app = join(cwd, 'app')
  const namesOf = async (...sources: readonly string[]) => {
    const { stdout, stderr } = await runIn(app, 'build', '--json', ...sources)
    return Object.keys(JSON.parse(stdout || stderr).assets)
  }
  assert.deepEqual(await namesOf(), ['v/a.svg'])
  assert.deepEqual(await namesOf('w=npm:icons/dist'), ['w/a.svg'])
  const missing = await runIn(app, 'build', 'npm:buttons/dist')
  assert.equal(missing.code, 1)
  assert.match(missing.stderr, /The package buttons is not installed/)
})

test('sources without files are an error, or with --allow-empty a warning', async (context) => {
  const cwd = makeTree(context, { assets: {} })
  const refused = await runIn(cwd, 'build', 'assets')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /No files in \S+assets\.\n.*--allow-empty/)
  const { code, stderr } = await runIn(cwd, 'build', 'assets', '--allow-empty')
  assert.equal(code, 0)
  assert.match(stderr, /^warning: The sources have no files\.$/m)
})

test('build --json prints one object with the names', async (context) => {
  const cwd = makeTree(context, TREE)
  const { code, stdout, stderr } = await runIn(cwd, 'build', 'assets', '--json')
  assert.equal(code, 0)
  assert.equal(stderr, '')
  const report = JSON.parse(stdout)
  assert.equal(report.kind, 'built')
  assert.equal(report.out, join(cwd, 'staticfiles'))
  assert.match(report.assets['css/site.css'], /^css\/site\.[0-9a-f]{16}\.css$/)
  assert.equal(report.digest, JSON.parse(readFileSync(join(cwd, 'staticfiles/manifest.json'), 'utf8')).digest)
})

test('the command line goes before the config file', async (context) => {
  const config = {
    sources: ['theme'],
    out: 'from-config',
    url: '/c/',
    encodings: ['gzip'],
    ignore: ['*.txt'],
  }
  const cwd = makeTree(context, {
    ...TREE,
    'fingerpost.config.json': JSON.stringify(config),
    'assets/a.txt': '',
    'assets/b.psd': '',
  })
  const words = [
    'assets',
    '--out',
    'here',
    '--url',
    'https://cdn.example/s',
    '--encodings',
    'br,gzip',
    '--ignore',
    '*.psd',
  ]
  assert.equal((await runIn(cwd, 'build', ...words)).code, 0)
  const { url, assets } = JSON.parse(readFileSync(join(cwd, 'here/manifest.json'), 'utf8'))
  assert.equal(url, 'https://cdn.example/s/')
  assert.deepEqual(Object.keys(assets), ['css/site.css', 'img/logo.svg'])
  assert.deepEqual(Object.keys(assets['css/site.css'].encodings), ['br', 'gzip'])
})

test('paths of a config file in another folder start there', async (context) => {
  const cwd = makeTree(context, { 'sub/assets/a.css': '', 'sub/conf.json': '{ "sources": ["assets"] }' })
  assert.equal((await runIn(cwd, 'build', '--config', 'sub/conf.json')).code, 0)
  assert.ok(existsSync(join(cwd, 'sub/staticfiles/manifest.json')))
})

test('all references that lead nowhere are told at once, nothing is published, exit code 1', async (context) => {
  const cwd = makeTree(context, {
    'assets/css/site.css': 'a{\n  background: url(../img/logo.svg) }',
    'assets/css/two.css': '@import "none.css";',
    'assets/img/logo2.svg': '',
  })
  const { code, stdout, stderr } = await runIn(cwd, 'build', 'assets')
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(
    stderr,
    /css\/site\.css:2:19 {2}.*points to img\/logo\.svg, which is not in any source\.\n {2}Did you mean img\/logo2\.svg\?\n {2}Fix the path, add the file, or allow it with --allow-missing 'img\/logo\.svg'\n/,
  )
  assert.match(stderr, /css\/two\.css:1:10 {2}/)
  assert.match(stderr, /fingerpost: 2 errors\. Nothing was published\.\n$/)
  assert.ok(!existsSync(join(cwd, 'staticfiles/manifest.json')))
  const asJson = JSON.parse((await runIn(cwd, 'build', 'assets', '--json')).stdout)
  assert.equal(asJson.error.details.problems.length, 2)
})

test('a missing source, an output inside one and an unknown encoding are told', async (context) => {
  const cwd = makeTree(context, TREE)
  assert.match(
    (await runIn(cwd, 'build', 'asets')).stderr,
    /asets doesn't exist\.\n {2}Did you mean \S+\/assets\?/,
  )
  assert.match((await runIn(cwd, 'build', 'assets', '--out', 'assets/out')).stderr, /is inside the source/)
  const { code, stderr } = await runIn(cwd, 'build', 'assets', '--encodings', 'bro')
  assert.equal(code, 2)
  assert.match(stderr, /encodings\[0\] should be one of br, zstd, gzip/)
})

test('--dry-run writes nothing and says so', async (context) => {
  const cwd = makeTree(context, TREE)
  const { code, stderr } = await runIn(cwd, 'build', 'assets', '--dry-run', '--no-cache')
  assert.equal(code, 0)
  assert.match(stderr, /2 files would be built into staticfiles/)
  assert.deepEqual(
    [...readTree(cwd).keys()],
    ['assets/css/site.css', 'assets/img/logo.svg', 'theme/css/site.css'],
  )
})

test('Ctrl-C ends a build with 130, no words and nothing left behind', {
  timeout: 60_000,
}, async (context) => {
  // Text that takes brotli a while; enough of it that the build can't be over before the signal comes.
  const slow = Array.from({ length: 40 }, (_, i): [string, string] => [
    `a${i}.txt`,
    randomBytes(300_000).toString('hex'),
  ])
  const cwd = makeTree(context, { assets: Object.fromEntries(slow), 'staticfiles/keep.txt': 'mine' })
  const child = spawn(process.execPath, [CLI, 'build', 'assets', '--no-cache'], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (!stderr.includes('encode') && (stderr + chunk).includes('encode')) child.kill('SIGINT')
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 130, stderr)
  assert.doesNotMatch(stderr, /fingerpost:/)
  assert.deepEqual(
    [...readTree(join(cwd, 'staticfiles')).keys()].filter((file) => /tmp|manifest/.test(file)),
    [],
  )
})
