import assert from 'node:assert/strict'
import { chmodSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runCli } from '../../support/cli.ts'
import { makeTree, WHOLE_FILE } from '../../support/tree.ts'
import { runIn } from '../support.ts'

/** A project with a build, packed into `last.tar`, and a larger build after it. */
async function project(context: TestContext): Promise<string> {
  made ??= makeProject()
  const cwd = makeTree(context)
  cpSync(await made, cwd, { recursive: true, preserveTimestamps: true })
  return cwd
}

let made: Promise<string> | undefined

/** Made once, for all tests. */
async function makeProject(): Promise<string> {
  const cwd = makeTree(WHOLE_FILE, {
    'assets/a.txt': 'a'.repeat(1000),
    'assets/<script>.txt': 'b',
    'fingerpost.config.json': '{ "sources": ["assets"], "encodings": [] }',
  })
  const run = async (...words: string[]) => assert.equal((await runIn(cwd, ...words)).code, 0)
  await run('build')
  await run('pack', 'last.tar')
  writeFileSync(join(cwd, 'assets/new.txt'), 'n'.repeat(100))
  await run('build')
  return cwd
}

const dataIn = (page: string) => {
  const json = /<script type="application\/json" id="report">(.*?)<\/script>/s.exec(page)?.[1] ?? ''
  return JSON.parse(json)
}

test('report writes a page that has everything in it', async (context) => {
  const cwd = await project(context)
  const { code, stderr, stdout } = await runCli(cwd, ['report'])
  assert.deepEqual([code, stdout], [0, ''])
  assert.match(
    stderr,
    /✓ 3 files, 1\.1 kB to download, \+100 B \(\+10\.0 %\) since [0-9a-f]{16}\n {2}report\.html\n/,
  )
  const page = readFileSync(join(cwd, 'report.html'), 'utf8')
  assert.doesNotMatch(page, /(?:src|href)="?(?:https?:)?\/\//)
  const report = dataIn(page)
  assert.deepEqual(
    report.files.map(({ path, source }: { path: string; source: string }) => [path, source]),
    [
      ['<script>.txt', 'assets'],
      ['a.txt', 'assets'],
      ['new.txt', 'assets'],
    ],
  )
  const printed = await runCli(cwd, ['report', '--json'])
  assert.deepEqual(JSON.parse(printed.stdout), report)
})

test('build --report also tells what the build did', async (context) => {
  const cwd = await project(context)
  writeFileSync(join(cwd, 'assets/new.txt'), 'newer')
  assert.equal((await runCli(cwd, ['build', '--report', 'built.html'])).code, 0)
  const { work } = dataIn(readFileSync(join(cwd, 'built.html'), 'utf8'))
  assert.equal(work.written, 3)
  assert.deepEqual(Object.keys(work.steps), ['collect', 'scan', 'encode', 'publish'])
})

test('report tells what the build did while the cache knows it', async (context) => {
  const cwd = await project(context)
  const workOf = async () => JSON.parse((await runIn(cwd, 'report', '--json')).stdout).work
  const build = (...options: string[]) => runIn(cwd, 'build', '--json', ...options)

  writeFileSync(join(cwd, 'assets/new.txt'), 'newer')
  const { work, steps } = JSON.parse((await build()).stdout)
  assert.equal(work.written, 3)
  assert.deepEqual(await workOf(), { ...work, steps })
  // Neither writes a build.
  for (const options of [[], ['--dry-run']]) await build(...options)
  assert.deepEqual(await workOf(), { ...work, steps })

  writeFileSync(join(cwd, 'assets/new.txt'), 'newest')
  await build('--no-cache')
  assert.equal(await workOf(), undefined)
})

test('--max-growth fails a build that has grown by more', async (context) => {
  const cwd = await project(context)
  const grow = (limit: string) => runCli(cwd, ['report', '--against', 'last.tar', '--max-growth', limit])
  assert.equal((await grow('10%')).code, 0)
  const { code, stderr } = await grow('9.5%')
  assert.equal(code, 1)
  assert.match(stderr, /✗ 3 files.*\n {2}The limit is \+9\.5 % \(--max-growth\)\./)
  const wrong = await runIn(cwd, 'report', '--against', 'last.tar', '--max-growth', '5')
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /--max-growth 5: expected a percentage: 5%/)
  const alone = await runIn(cwd, 'report', '--max-growth', '5%')
  assert.equal(alone.code, 2)
  assert.match(alone.stderr, /needs a build to compare with: --against BUILD/)
})

test('--markdown prints a summary and writes no page', async (context) => {
  const cwd = await project(context)
  const { stdout } = await runIn(cwd, 'report', '--against', 'last.tar', '--markdown')
  assert.match(stdout, /^### Static files\n\n\| \| Files \| Original \| Download \|\n/)
  assert.match(
    stdout,
    /last\.tar`: \+100 B \(\+10\.0 %\) to download\. A returning visitor downloads 100 B\./,
  )
  assert.match(stdout, /\| new \| `new\.txt` \| 100 B \|/)
  assert.equal(existsSync(join(cwd, 'report.html')), false)
})

test('in a CI run, one command prints the summary and fails a site that has grown', async (context) => {
  const cwd = await project(context)
  const words = ['report', '--against', 'last.tar', '--markdown', '--max-growth']
  const { code, stdout, stderr } = await runIn(cwd, ...words, '9.5%')
  assert.equal(code, 1)
  assert.match(
    stdout,
    /^### Static files\n[\s\S]*`new\.txt`[\s\S]*\*\*The limit is \+9\.5 % \(--max-growth\)\.\*\*\n$/,
  )
  assert.match(stderr, /✗ 3 files/)
  const small = await runIn(cwd, ...words, '10%')
  assert.equal(small.code, 0)
  assert.doesNotMatch(small.stdout, /limit/)
})

test('--against takes the digest of a kept build', async (context) => {
  const cwd = await project(context)
  const [kept] = JSON.parse((await runIn(cwd, 'report', '--json')).stdout).changes
  writeFileSync(join(cwd, 'assets/new.txt'), 'newer')
  assert.equal((await runIn(cwd, 'build')).code, 0)
  const { code, stderr } = await runCli(cwd, ['report', '--against', kept.since, '--max-growth', '1%'])
  assert.match(stderr, new RegExp(`\\+5 B \\(\\+0\\.5 %\\) since ${kept.since}\n`))
  assert.equal(code, 0)
})

test('--open hands the page to the program that opens pages', async (context) => {
  if (process.platform !== 'linux') return context.skip('xdg-open is the program of Linux')
  const cwd = await project(context)
  const bin = makeTree(context, {
    'xdg-open': `#!/bin/sh\nprintf %s "$1" > '${join(cwd, 'opened.tmp')}'\nmv '${join(cwd, 'opened.tmp')}' '${join(cwd, 'opened')}'\n`,
  })
  chmodSync(join(bin, 'xdg-open'), 0o755)
  const env = { PATH: `${bin}${delimiter}${process.env['PATH']}` }
  assert.equal((await runCli(cwd, ['report', '--open'], { env })).code, 0)
  while (!existsSync(join(cwd, 'opened'))) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(readFileSync(join(cwd, 'opened'), 'utf8'), join(cwd, 'report.html'))
})

test('a page goes into a new folder, and where it can not be written the message says why', async (context) => {
  const cwd = await project(context)
  assert.equal((await runCli(cwd, ['report', '--out', 'new/folder/r.html'])).code, 0)
  assert.ok(existsSync(join(cwd, 'new/folder/r.html')))
  for (const [file, why] of [
    ['assets', /There is a folder where the file belongs/],
    ['assets/a.txt/r.html', /Part of the path is a file where a folder is needed/],
  ] as const) {
    for (const words of [
      ['report', '--out', file],
      ['build', '--report', file],
    ]) {
      const { code, stderr } = await runCli(cwd, words)
      assert.equal(code, 1)
      assert.match(stderr, why)
    }
  }
  assert.equal(readFileSync(join(cwd, 'assets/a.txt'), 'utf8').length, 1000)
})

test('options that have no effect together are refused', async (context) => {
  const cwd = await project(context)
  const open = await runIn(cwd, 'report', '--open', '--markdown')
  assert.deepEqual([open.code, open.stdout], [2, ''])
  assert.match(open.stderr, /--open needs a page/)
  const rehearsal = await runIn(cwd, 'build', '--dry-run', '--report', 'r.html')
  assert.equal(rehearsal.code, 2)
  assert.match(rehearsal.stderr, /leave out --dry-run/)
})

test('a build to compare with that is not there is named, with what it may be', async (context) => {
  const cwd = await project(context)
  const { code, stderr } = await runIn(cwd, 'report', '--against', 'none.tar')
  assert.equal(code, 1)
  assert.match(
    stderr,
    /The earlier build was not found: .*none\.tar\.\s+Name the folder of a build, an archive .* kept build: [0-9a-f]{16} of/,
  )
  assert.doesNotMatch(stderr, /published|--previous/)
})

test('without a build it says how to make one', async (context) => {
  const { code, stderr } = await runIn(makeTree(context), 'report', '--root', 'public')
  assert.equal(code, 1)
  assert.match(stderr, /public\/ holds no build\. Run: fingerpost build --out public/)
})

test('--against where no earlier build is kept says so', async (context) => {
  const cwd = makeTree(context, { 'assets/a.css': 'a{}' })
  assert.equal((await runIn(cwd, 'build', 'assets')).code, 0)
  const { code, stderr } = await runIn(cwd, 'report', '--against', 'abcdef')
  assert.equal(code, 1)
  assert.match(stderr, /Name the folder of a build.*\. The output keeps no earlier build\./)
  assert.doesNotMatch(stderr, /first build/)
})
