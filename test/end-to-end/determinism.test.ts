import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../support/cli.ts'
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
const VENDOR: Tree = { 'grid.css': '.grid { display: grid }\n'.repeat(30) }

const backwards = (tree: Tree): Tree => Object.fromEntries(Object.entries(tree).reverse())

test('another folder, another order of creation, another locale and no cache: the same bytes', async (context) => {
  const words = ['build', 'assets', 'vendor=vendor', '--encodings', 'br,gzip']
  const first = makeTree(context, { assets: FILES, vendor: VENDOR })
  assert.equal((await runCli(first, words)).code, 0)

  const second = join(makeTree(context), 'elsewhere/deep')
  mkdirSync(second, { recursive: true })
  writeTree(second, { vendor: backwards(VENDOR), assets: backwards(FILES) })
  const env = { LC_ALL: 'tr_TR.UTF-8', TZ: 'Pacific/Apia', UV_THREADPOOL_SIZE: '1' }
  assert.equal((await runCli(second, [...words, '--no-cache'], { env })).code, 0)

  assertSameFiles(readTree(join(second, 'staticfiles')), readTree(join(first, 'staticfiles')))
})

test('a second build of unchanged sources changes no byte and says so', async (context) => {
  const cwd = makeTree(context, { assets: FILES, vendor: VENDOR })
  const words = ['build', 'assets', 'vendor=vendor', '--json']
  await runCli(cwd, words)
  const before = readTree(join(cwd, 'staticfiles'))
  const { stdout } = await runCli(cwd, words)
  const { kind, work } = JSON.parse(stdout) as { kind: string; work: { written: number } }
  assert.deepEqual({ kind, written: work.written }, { kind: 'unchanged', written: 0 })
  assertSameFiles(readTree(join(cwd, 'staticfiles')), before)
})

function assertSameFiles(actual: ReadonlyMap<string, Buffer>, expected: ReadonlyMap<string, Buffer>): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()])
  for (const [file, bytes] of expected) assert.ok(actual.get(file)?.equals(bytes), `${file} differs`)
}
