import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../src/builder/build.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import { formatManifest } from '../../src/core/manifest/format.ts'
import { letFilesSettle } from '../support/clock.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

const LONG = 'body { color: rebeccapurple; background: papayawhip }\n'.repeat(40)

const SITE: Tree = {
  'a.css': `@import "b.css"; ${LONG}`,
  'b.css': `${LONG} p { background: url(i.svg) }`,
  'i.svg': `<svg>${LONG}</svg>`,
  'alone.txt': `${LONG}!`,
}

/** A project whose sources have lain still for a while, and a function that builds it. */
function project(context: TestContext, src: Tree = SITE) {
  const cwd = makeTree(context, { src })
  const run = (options: Partial<BuildOptions> = {}) =>
    build(
      { sources: ['src'], encodings: ['gzip'], cache: { dir: 'cache' }, ...options },
      { cwd, now: () => new Date(0) },
    )
  return { cwd, run, out: () => readTree(join(cwd, 'staticfiles')) }
}

test('what has not changed is neither read nor scanned nor encoded nor written again', async (context) => {
  const { cwd, run, out } = project(context)
  letFilesSettle(context)
  const cold = await run()
  assert.equal(cold.work.encoded, 4)
  assert.equal(cold.work.written, 10)
  const before = out()
  const warm = await run()
  assert.equal(warm.kind, 'unchanged')
  assert.deepEqual(
    { ...warm.work, recalled: 0 },
    { read: 0, scanned: 0, encoded: 0, recalled: 0, written: 0, cache: { hits: 0, misses: 0 } },
  )
  assert.deepEqual(formatManifest(warm.manifest), formatManifest(cold.manifest))

  writeFileSync(join(cwd, 'src/i.svg'), `<svg id="x">${LONG}</svg>`)
  const { work } = await run()
  // The image and the two stylesheets that lead to it; the text beside them costs nothing.
  assert.equal(work.encoded, 3)
  assert.ok(work.scanned <= 1, `${work.scanned} files scanned`)
  assert.ok(work.read <= 6, `${work.read} files read`)
  assert.ok(work.cache.hits > 0 && work.cache.misses > 0, JSON.stringify(work.cache))
  assert.equal([...out().keys()].filter((key) => !before.has(key)).length, 6)
})

test('a file edited within the clock grain of the last build is seen', async (context) => {
  const { cwd, run } = project(context, { 'a.txt': 'one' })
  const path = join(cwd, 'src/a.txt')
  const first = await run()
  for (const text of ['two', 'six', 'ten']) {
    writeFileSync(path, text)
    utimesSync(path, 1, 1)
    const next = await run()
    assert.notEqual(next.manifest.digest, first.manifest.digest)
    assert.equal(next.work.read > 0, true)
  }
})

test('the output is the same with a cache, without, with one from elsewhere and with a damaged one', async (context) => {
  const { cwd, run, out } = project(context)
  await run({ cache: false })
  const plain = out()
  const rebuilt = async (options: Partial<BuildOptions> = {}) => {
    rmSync(join(cwd, 'staticfiles'), { recursive: true })
    const { work } = await run(options)
    assert.deepEqual(out(), plain)
    return work
  }
  assert.equal((await rebuilt()).encoded, 4)
  assert.equal((await rebuilt()).encoded, 0)

  cpSync(join(cwd, 'cache'), join(cwd, 'carried'), { recursive: true })
  cpSync(join(cwd, 'src'), join(cwd, 'checkout'), { recursive: true })
  const carried = await rebuilt({ sources: ['checkout'], cache: { dir: 'carried' } })
  assert.equal(carried.encoded, 0)
  assert.equal(carried.scanned, 0)

  const damage = (change: (bytes: Buffer) => Buffer) => {
    for (const name of readdirSync(join(cwd, 'cache'))) {
      const path = join(cwd, 'cache', name)
      if (statSync(path).isFile()) writeFileSync(path, change(readFileSync(path)))
    }
  }
  damage((bytes) => bytes.fill(0, 0, bytes.length >> 1))
  await rebuilt()
  damage((bytes) => bytes.subarray(0, -1))
  assert.equal((await rebuilt()).encoded, 4)
  damage(() => Buffer.from('damaged'))
  assert.equal((await rebuilt()).encoded, 4)
})

test('other qualities, encodings and urls never get what was kept for these', async (context) => {
  const { cwd, run, out } = project(context)
  const options: readonly Partial<BuildOptions>[] = [
    {},
    { compress: { '**': { gzip: 1 } } },
    { encodings: ['br', 'gzip'], compress: { '**': { br: 1 } } },
    { url: '/other/' },
    { compress: { '*.css': false } },
  ]
  for (const each of options) await run({ ...each, out: 'warming' })
  for (const each of options) {
    rmSync(join(cwd, 'staticfiles'), { recursive: true, force: true })
    await run(each)
    const cached = out()
    rmSync(join(cwd, 'staticfiles'), { recursive: true })
    await run({ ...each, cache: false })
    assert.deepEqual(cached, out(), JSON.stringify(each))
  }
})

test('siblings of other settings replace the old ones, and the manifest never contradicts the files', async (context) => {
  const { cwd, run, out } = project(context)
  await run({ compress: { '**': { gzip: 1 } } })
  const before = out()
  await run()
  const after = out()
  assert.deepEqual([...after.keys()], [...before.keys()])
  rmSync(join(cwd, 'staticfiles'), { recursive: true })
  await run({ cache: false })
  assert.deepEqual(out(), after)
})
