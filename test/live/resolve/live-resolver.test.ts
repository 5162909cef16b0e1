import assert from 'node:assert/strict'
import fs, { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../../src/builder/build.ts'
import type { BuildOptions } from '../../../src/builder/settings/options.ts'
import { createLiveResolver } from '../../../src/live/resolve/live-resolver.ts'
import { KNOTTED_SITE, testResolverContract } from '../../resolve/contract.ts'
import { makeTree, readTree, type Tree } from '../../support/tree.ts'

testResolverContract('live resolver', (options, cwd) =>
  createLiveResolver({ build: options, cwd, now: Date.now }),
)

async function setUp(context: TestContext, tree: Tree, options: Partial<BuildOptions> = {}) {
  const cwd = makeTree(context, tree)
  const live = await createLiveResolver({ build: { sources: ['a'], ...options }, cwd, now: Date.now })
  /** The next request: a new turn of the event loop. */
  const next = () => live.changes().map(({ path }) => path)
  return { cwd, live, next }
}

test('the bytes are those of a build, for every file', async (context) => {
  const { cwd, live } = await setUp(context, KNOTTED_SITE, { sources: ['assets', 'v=vendor', 'vendor'] })
  const options = { sources: ['assets', 'v=vendor', 'vendor'], cache: false } as const
  const { manifest } = await build(options, { cwd })
  const built = readTree(join(cwd, 'staticfiles'))
  for (const [path, asset] of manifest.assets) {
    const found = live.find(path)
    assert.deepEqual(found?.read(), built.get(asset.file), path)
    assert.deepEqual(found?.asset, { ...asset, encodings: {} })
  }
})

test('a save renames the file and everything that names it', async (context) => {
  const { cwd, live, next } = await setUp(context, {
    a: { 'site.css': '@import "base.css";', 'base.css': 'a{color:red}', 'other.css': 'b{}' },
  })
  const before = [live.resolve('site.css'), live.resolve('base.css'), live.resolve('other.css')]
  writeFileSync(join(cwd, 'a/base.css'), 'a{color:tan}')
  assert.deepEqual(next().sort(), ['base.css', 'site.css'])
  const after = [live.resolve('site.css'), live.resolve('base.css'), live.resolve('other.css')]
  assert.notEqual(after[0], before[0])
  assert.notEqual(after[1], before[1])
  assert.equal(after[2], before[2])
  assert.ok(
    live
      .find('site.css')
      ?.read()
      .includes(String(after[1]?.slice('/static/'.length))),
  )
  assert.deepEqual(next(), [])
})

test('without anyone telling, the next turn of the event loop sees a save', async (context) => {
  const { cwd, live } = await setUp(context, { a: { 'a.css': 'one' } })
  const before = live.resolve('a.css')
  writeFileSync(join(cwd, 'a/a.css'), 'two')
  await new Promise(setImmediate)
  assert.notEqual(live.resolve('a.css'), before)
})

test('a new file in an earlier source wins, and gives way again when it goes', async (context) => {
  const { cwd, live, next } = await setUp(
    context,
    { a: { 'x.txt': '' }, b: { 'site.css': '@import "base.css";', 'base.css': 'b' } },
    { sources: ['a', 'b'] },
  )
  const before = live.resolve('site.css')
  writeFileSync(join(cwd, 'a/base.css'), 'a wins')
  assert.deepEqual(next(), ['site.css'])
  assert.notEqual(live.resolve('site.css'), before)
  rmSync(join(cwd, 'a/base.css'))
  next()
  assert.equal(live.resolve('site.css'), before)
})

test('a file that an editor replaces by renaming, removes and makes again is followed', async (context) => {
  const { cwd, live, next } = await setUp(context, { a: { 'a.css': 'one' } })
  const before = live.resolve('a.css')
  writeFileSync(join(cwd, 'a/.a.css.swp'), 'two')
  renameSync(join(cwd, 'a/.a.css.swp'), join(cwd, 'a/a.css'))
  assert.deepEqual(next(), ['a.css'])
  assert.notEqual(live.resolve('a.css'), before)
  rmSync(join(cwd, 'a/a.css'))
  assert.deepEqual(live.changes(), [{ path: 'a.css', file: undefined, integrity: undefined }])
  assert.throws(() => live.resolve('a.css'), { code: 'FP_UNKNOWN_NAME' })
  writeFileSync(join(cwd, 'a/a.css'), 'one')
  assert.deepEqual(next(), ['a.css'])
  assert.equal(live.resolve('a.css'), before)
})

test('a broken reference is a problem with its place, and mended by adding the file', async (context) => {
  const { cwd, live, next } = await setUp(context, {
    a: { css: { 'site.css': 'a{}\nb{background:url(../img/logo.svg)}' }, 'img/logo2.svg': '' },
  })
  const broken = live.resolve('css/site.css')
  const [problem, ...others] = live.problems()
  assert.deepEqual(others, [])
  assert.deepEqual(
    [problem?.file, problem?.line, problem?.column, problem?.severity, problem?.nearest],
    ['css/site.css', 2, 18, 'error', ['img/logo2.svg']],
  )
  assert.equal(live.find('css/site.css')?.read().toString(), 'a{}\nb{background:url(../img/logo.svg)}')
  writeFileSync(join(cwd, 'a/img/logo.svg'), '')
  assert.deepEqual(next(), ['css/site.css'])
  assert.deepEqual(live.problems(), [])
  assert.notEqual(live.resolve('css/site.css'), broken)
})

test('a new folder with new files is there at once', async (context) => {
  const { cwd, live } = await setUp(context, { a: { 'a.css': '' } })
  mkdirSync(join(cwd, 'a/new/deep'), { recursive: true })
  writeFileSync(join(cwd, 'a/new/deep/b.css'), '')
  assert.match(live.resolve('new/deep/b.css'), /^\/static\/new\/deep\/b\./)
})

test('an unknown name says whether it is ignored, outside, a path, or near another', async (context) => {
  const tree = {
    a: { 'css/site.css': '', '.secret/x.css': '', 'old.bak': '' },
    'other/x.css': '',
    'README.md': '',
  }
  const { live } = await setUp(context, tree, { sources: ['pre=a'], ignore: ['*.bak'] })
  const expected: Readonly<Record<string, RegExp>> = {
    'pre/css/sit.css':
      /^No source has .*\n {2}Did you mean pre\/css\/site\.css\? Looked in \S+\/a \(as pre\/\)\.$/,
    'pre/.secret/x.css': /"pre\/\.secret\/x\.css" exists \(\S+\/a\/\.secret\/x\.css\) but is ignored/,
    'pre/old.bak': /but is ignored/,
    'other/x.css': /exists \(\S+\/other\/x\.css\) but is outside every source/,
    'README.md': /but is outside every source/,
    'a/css/site.css': /is a path\. The name of \S+\/a\/css\/site\.css is "pre\/css\/site\.css"/,
    '/a/css/site.css': /is a path\. The name of/,
  }
  for (const [name, message] of Object.entries(expected)) {
    assert.throws(() => live.resolve(name), { code: 'FP_UNKNOWN_NAME', message }, name)
  }
})

test('what a bundler writes while one works keeps its names once the sources are listed again', async (context) => {
  const { cwd, live } = await setUp(context, { a: { 'main-0badcafe.js': '1' } })
  assert.match(live.resolve('main-0badcafe.js'), /\/main-0badcafe\.[0-9a-f]{16}\.js$/)
  mkdirSync(join(cwd, 'a/.vite'))
  const chunk = { file: 'main-0badcafe.js' }
  writeFileSync(join(cwd, 'a/.vite/manifest.json'), JSON.stringify({ 'src/main.js': chunk }))
  await live.relist()
  assert.equal(live.resolve('main-0badcafe.js'), '/static/main-0badcafe.js')
})

test('comments of missing source maps are taken out as a build takes them', async (context) => {
  const tree = { a: { 'x.css': 'a{}\n/*# sourceMappingURL=none.css.map */\n' } }
  const options = { sources: ['a'], missingSourceMaps: 'strip', cache: false } as const
  const { cwd, live } = await setUp(context, tree, options)
  const { manifest } = await build(options, { cwd })
  const asset = manifest.assets.get('x.css')
  assert.deepEqual(live.find('x.css')?.asset, { ...asset, encodings: {} })
  assert.deepEqual(live.find('x.css')?.read(), readTree(join(cwd, 'staticfiles')).get(String(asset?.file)))
})

test('in a tree of 2,000 files a save costs reading what changed, and no walk', async (context) => {
  const many = Object.fromEntries(
    Array.from({ length: 2000 }, (_, i) => [`d${i % 40}/f${i}.css`, `a{order:${i}}`]),
  )
  const { cwd, live, next } = await setUp(context, {
    a: { ...many, 'site.css': '@import "d1/f1.css";@import "d2/f2.css";' },
  })
  live.resolve('site.css')
  // Settled: by now the times of the files alone vouch for them.
  for (const file of ['site.css', 'd1/f1.css', 'd2/f2.css']) utimesSync(join(cwd, 'a', file), 1, 1)
  next()
  live.resolve('site.css')
  writeFileSync(join(cwd, 'a/d1/f1.css'), 'a{order:x}')
  const calls = countCalls(['readdirSync', 'readdir', 'opendir', 'openSync', 'statSync'], () => {
    next()
    live.resolve('site.css')
  })
  assert.deepEqual([calls['readdirSync'], calls['readdir'], calls['opendir']], [0, 0, 0])
  // The edited file is read, and once more as long as its time is too young to trust; site.css is written anew.
  assert.ok((calls['openSync'] ?? 0) <= 5, `${calls['openSync']} files opened`)
  assert.ok((calls['statSync'] ?? 0) <= 15, `${calls['statSync']} files looked at`)
})

test('a source that is missing, a dangling link and a wrong option stop the start as they stop a build', async (context) => {
  await assert.rejects(setUp(context, { b: {} }), { code: 'FP_SOURCE' })
  await assert.rejects(setUp(context, { a: {} }, { url: 'static' }), { code: 'FP_CONFIG' })
})

/** How often functions of node:fs are called while something runs. */
function countCalls(names: readonly (keyof typeof fs)[], work: () => void): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  const real = new Map(names.map((name) => [name, fs[name]]))
  const patched = fs as unknown as Record<string, unknown>
  for (const [name, original] of real) {
    counts[name] = 0
    patched[name] = (...args: unknown[]) => {
      counts[name] = (counts[name] ?? 0) + 1
      return (original as (...all: unknown[]) => unknown)(...args)
    }
  }
  syncBuiltinESMExports()
  try {
    work()
  } finally {
    for (const [name, original] of real) patched[name] = original
    syncBuiltinESMExports()
  }
  return counts
}
