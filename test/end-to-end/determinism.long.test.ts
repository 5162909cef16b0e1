import assert from 'node:assert/strict'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REPOSITORY, runCli, runNode } from '../support/cli.ts'
import { findOtherNode } from '../support/require.ts'
import { makeTree, readTree, type Tree, writeTree } from '../support/tree.ts'

/** References across sources, a circle, every kind of sibling, names that sort differently by locale. */
const FILES: Tree = {
  'css/site.css': '@import "a.css"; @import "../vendor/grid.css"; body { background: url("../img/ö.svg") }',
  'css/a.css': '@import "b.css"; a { color: red }',
  'css/b.css': '@import "a.css"; b { background: url(../img/Z.svg) }',
  'img/ö.svg': `<svg xmlns="http://www.w3.org/2000/svg">${'<g/>'.repeat(200)}</svg>`,
  'img/Z.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'js/app.js': 'import { other } from "./other.js"\nexport const app = () => other\n',
  'js/other.js': 'import { app } from "./app.js"\nexport const other = () => app\n',
  'robots.txt': 'User-agent: *\n'.repeat(50),
}
const WORDS = ['build', 'assets', 'vendor=vendor']
const VENDOR: Tree = { 'grid.css': '.grid { display: grid }\n'.repeat(30) }

/** `history.json` tells when a build was published, and nothing else in the output knows the time. */
const AT_ONE_TIME = { SOURCE_DATE_EPOCH: '1700000000' }

const backwards = (tree: Tree): Tree => Object.fromEntries(Object.entries(tree).reverse())

test('another folder, another order of creation, another locale and no cache: the same bytes', async (context) => {
  const first = makeTree(context, { assets: FILES, vendor: VENDOR })
  assert.equal((await runCli(first, WORDS, { env: AT_ONE_TIME })).code, 0)

  const second = join(makeTree(context), 'elsewhere/deep')
  mkdirSync(second, { recursive: true })
  writeTree(second, { vendor: backwards(VENDOR), assets: backwards(FILES) })
  const env = { ...AT_ONE_TIME, LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Apia', UV_THREADPOOL_SIZE: '1' }
  assert.equal((await runCli(second, [...WORDS, '--no-cache'], { env })).code, 0)

  assertSameFiles(readTree(join(second, 'staticfiles')), readTree(join(first, 'staticfiles')))
})

/** Real stylesheets, scripts and icons, enough for encoders of different versions to show that they differ. */
const REAL = ['css/fontawesome.css', 'js/regular.js', 'svgs/regular', 'sprites/regular.svg']

test('another Node, folder, time zone, locale and order of folders: the same bytes', async (context) => {
  const other = findOtherNode(context)
  if (other === undefined) return
  const trees = [makeTree(context, { assets: FILES, vendor: VENDOR }), makeTree(context)]
  const [here = '', there = ''] = [trees[0], join(trees[1] ?? '', 'elsewhere/deep')]
  for (const name of REAL) {
    const source = join(REPOSITORY, 'node_modules/@fortawesome/fontawesome-free', name)
    cpSync(source, join(here, 'vendor', name), { recursive: true })
  }
  cpSync(here, there, { recursive: true })
  const here20 = await runCli(here, [...WORDS, '--encodings', 'br,gzip'], {
    env: { ...AT_ONE_TIME, TZ: 'UTC' },
  })
  assert.equal(here20.code, 0, here20.stderr)
  const env = { ...AT_ONE_TIME, LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Apia', UV_THREADPOOL_SIZE: '1' }
  const options = ['--require', join(import.meta.dirname, 'fixture/backwards.cjs')]
  const program = join(REPOSITORY, 'dist/cli.cjs')
  const elsewhere = await runNode([...options, program, ...WORDS, '--no-cache'], { cwd: there, env }, other)
  assert.equal(elsewhere.code, 0, elsewhere.stderr)
  const [ours, theirs] = [readTree(join(here, 'staticfiles')), readTree(join(there, 'staticfiles'))]
  assert.ok(ours.size > 300, `${ours.size} files`)
  assertSameFiles(theirs, ours)
})

test('but for the history, no byte of a build knows the time', async (context) => {
  const cwd = makeTree(context, { assets: FILES, vendor: VENDOR })
  const later = { SOURCE_DATE_EPOCH: '1800000000' }
  await runCli(cwd, [...WORDS, '--out', 'one'], { env: AT_ONE_TIME })
  await runCli(cwd, [...WORDS, '--out', 'two', '--no-cache'], { env: later })
  const [one, two] = [readTree(join(cwd, 'one')), readTree(join(cwd, 'two'))]
  assert.notDeepEqual(one.get('history.json'), two.get('history.json'))
  for (const tree of [one, two]) tree.delete('history.json')
  assertSameFiles(two, one)
})

test('a second build of unchanged sources changes no byte and says so', async (context) => {
  const cwd = makeTree(context, { assets: FILES, vendor: VENDOR })
  await runCli(cwd, [...WORDS, '--json'])
  const before = readTree(join(cwd, 'staticfiles'))
  const { stdout } = await runCli(cwd, [...WORDS, '--json'])
  const { kind, work } = JSON.parse(stdout) as { kind: string; work: { written: number; encoded: number } }
  const { written, encoded } = work
  assert.deepEqual({ kind, written, encoded }, { kind: 'unchanged', written: 0, encoded: 0 })
  assertSameFiles(readTree(join(cwd, 'staticfiles')), before)
})

function assertSameFiles(actual: ReadonlyMap<string, Buffer>, expected: ReadonlyMap<string, Buffer>): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()])
  for (const [file, bytes] of expected) assert.ok(actual.get(file)?.equals(bytes), `${file} differs`)
}
