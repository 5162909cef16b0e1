import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import zlib from 'node:zlib'
import { build } from '../../../src/builder/build.ts'
import { parseBuildOptions } from '../../../src/builder/settings/options.ts'
import { DICTIONARIES_FILE, deltaPath } from '../../../src/core/manifest/dictionaries.ts'
import { HISTORY_FILE } from '../../../src/core/manifest/history.ts'
import { MANIFEST_FILE } from '../../../src/core/manifest/manifest.ts'
import { createFilesystemStorage } from '../../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { letFilesSettle } from '../../support/clock.ts'
import { deltaTest, keysOf, noise, project } from '../../support/deltas.ts'
import { makeTree } from '../../support/tree.ts'

const STYLE = noise('style', 20_000)

test('there are no dictionaries unless they are asked for, and then the usual ones', () => {
  const settingsOf = (options: object) => parseBuildOptions({ sources: [], ...options }, '/').dictionaries
  assert.equal(settingsOf({}), false)
  assert.deepEqual(settingsOf({ dictionaries: true }), {
    ...{ encodings: ['dcb'], versions: 2, minBytes: 1024, maxFiles: 400 },
  })
})

type Encode = (bytes: Buffer, options: object, done: (error: null, result: Buffer) => void) => void

/** Has brotli make deltas of a chosen length, header included; they decode to what they were made of. */
function fakeDeltas(context: TestContext, lengthOf: (bytes: Buffer) => number): void {
  let last: Buffer = Buffer.alloc(0)
  const compress: Encode = (bytes, _options, done) => {
    last = bytes
    done(null, Buffer.alloc(lengthOf(bytes) - 36))
  }
  const decompress: Encode = (_bytes, _options, done) => done(null, last)
  context.mock.method(zlib, 'brotliCompress', compress as typeof zlib.brotliCompress)
  context.mock.method(zlib, 'brotliDecompress', decompress as typeof zlib.brotliDecompress)
}

/** Of a large file the share counts, of a small one the bytes. */
const BOUNDS: Readonly<Record<string, (whole: number) => number>> = {
  '20000': (whole) => Math.floor(whole * 0.9),
  '2000': (whole) => whole - 256,
}
for (const [size, boundOf] of Object.entries(BOUNDS)) {
  deltaTest(`of ${size} bytes, a delta is kept up to the bound and not above`, async (context) => {
    const [old, content] = [noise('old', Number(size)), noise('new', Number(size))]
    const { manifest } = await project(context).build({ 'a.css': content })
    const bound = boundOf(manifest.assets.get('a.css')?.encodings.gzip?.size ?? 0)
    assert.ok(bound > 36)
    for (const [length, kept] of [
      [bound, 1],
      [bound + 1, 0],
    ] as const) {
      fakeDeltas(context, () => length)
      const site = project(context)
      await site.build({ 'a.css': old })
      await site.build({ 'a.css': content })
      assert.equal((await site.deltas()).length, kept, `${length} bytes`)
      context.mock.restoreAll()
    }
  })
}

deltaTest(
  'a delta that decodes to anything else ends the build, and nothing is published',
  async (context) => {
    const site = project(context)
    await site.build({ 'a.css': STYLE })
    const before = await site.storage.read(MANIFEST_FILE)
    const wrong: Encode = (_bytes, _options, done) => done(null, Buffer.from('something else'))
    context.mock.method(zlib, 'brotliDecompress', wrong as typeof zlib.brotliDecompress)
    await assert.rejects(site.build({ 'a.css': `${STYLE}!` }), {
      code: 'FP_ENCODING',
      message: /wrong delta/,
    })
    assert.deepEqual(await site.storage.read(MANIFEST_FILE), before)
    assert.ok(!(await site.keys()).some((key) => key.endsWith('.dcb')))
  },
)

deltaTest('an earlier content that is too small or too large is no dictionary', async (context) => {
  const small = noise('a', 900)
  const site = project(context)
  await site.build({ 'a.css': small })
  await site.build({ 'a.css': small + noise('b', 200) })
  assert.deepEqual(await site.deltas(), [])
  const sized = await project(context, { dictionaries: { minBytes: 900 } })
  await sized.build({ 'a.css': small })
  await sized.build({ 'a.css': small + noise('b', 200) })
  assert.equal((await sized.deltas()).length, 1, 'with a lower bound')

  for (const [bytes, count] of [
    [50 * 1024 * 1024, 1],
    [50 * 1024 * 1024 + 1, 0],
  ] as const) {
    const large = project(context)
    await large.build({ 'a.css': STYLE })
    await large.build({ 'a.css': noise('other', 20_000) })
    const history = (await large.storage.read(HISTORY_FILE)).toString()
    const told = history.replace('"size": 20000', `"size": ${bytes}`)
    assert.notEqual(told, history)
    await large.storage.save(HISTORY_FILE, Buffer.from(told), { overwrite: true })
    await large.build({ 'a.css': `${STYLE}!` })
    assert.equal((await large.deltas()).length, count, `${bytes} bytes`)
  }
})

/** Keys in the order in which they were saved. */
function recording(storage: Storage) {
  const saved: string[] = []
  const save: Storage['save'] = (key, ...rest) => {
    saved.push(key)
    return storage.save(key, ...rest)
  }
  return { ...storage, save, saved }
}

deltaTest('dictionaries.json is written after the deltas and before the manifest', async (context) => {
  const storage = recording(createMemoryStorage())
  const site = project(context, {}, storage)
  await site.build({ 'a.css': STYLE })
  storage.saved.length = 0
  await site.build({ 'a.css': `${STYLE}!` })
  const [delta] = await site.deltas()
  assert.ok(delta)
  assert.deepEqual(storage.saved.slice(-3), [deltaPath(delta, 'dcb'), DICTIONARIES_FILE, MANIFEST_FILE])
  assert.ok(storage.saved.indexOf(delta.file) < storage.saved.length - 3)
})

deltaTest(
  'the manifest is the same whatever was deployed before, with and without dictionaries',
  async (context) => {
    const [first, later] = [project(context), project(context)]
    await later.build({ 'a.css': STYLE })
    for (const site of [first, later]) await site.build({ 'a.css': `${STYLE}!` })
    const plain = project(context, { dictionaries: false })
    await plain.build({ 'a.css': `${STYLE}!` })
    const [one, ...others] = await Promise.all(
      [plain, first, later].map(({ storage }) => storage.read(MANIFEST_FILE)),
    )
    for (const other of others) assert.deepEqual(other, one)
    assert.equal((await later.deltas()).length, 1)
  },
)

deltaTest('a build that finds nothing changed looks for the deltas, too', async (context) => {
  const cwd = makeTree(context, { old: { 'a.css': STYLE }, new: { 'a.css': `${STYLE}!` } })
  const storage = createFilesystemStorage({ root: join(cwd, 'out') })
  letFilesSettle(context)
  const run = (source: string) => {
    const shared = { encodings: ['gzip' as const], cache: { dir: 'cache' }, dictionaries: true }
    return build({ ...shared, sources: [source] }, { cwd, storage, now: () => new Date(0) })
  }
  await run('old')
  const { deltas } = await run('new')
  const key = (await keysOf(storage)).find((each) => each.endsWith('.dcb')) ?? assert.fail()
  for (const gone of [key, DICTIONARIES_FILE]) {
    const shortcut = await run('new')
    assert.deepEqual([shortcut.kind, shortcut.work.recalled, shortcut.deltas], ['unchanged', 0, deltas])
    rmSync(join(cwd, 'out', gone))
    assert.equal((await run('new')).kind, 'built', gone)
    assert.ok((await storage.stat(gone)) !== undefined, gone)
  }
})

deltaTest('a damaged delta of --previous is not taken over', async (context) => {
  const cwd = makeTree(context, {
    one: { 'a.css': STYLE, 'b.css': noise('b', 9000) },
    two: { 'a.css': `${STYLE}2`, 'b.css': noise('b', 9000) },
  })
  const run = (source: string, out: string, previous?: string) =>
    build(
      {
        ...{ sources: [source], out, encodings: ['gzip'], cache: false, dictionaries: true },
        ...(previous !== undefined && { previous }),
      },
      { cwd },
    )
  await run('one', 'first')
  await run('two', 'first')
  const first = createFilesystemStorage({ root: join(cwd, 'first') })
  const key = (await keysOf(first)).find((each) => each.endsWith('.dcb')) ?? assert.fail()
  const good = await first.read(key)
  assert.equal((await run('two', 'intact', 'first')).work.encoded, 0)
  for (const bad of [Buffer.alloc(good.length), good.subarray(1)]) {
    await first.save(key, bad, { overwrite: true })
    // Nor is it made: the build before has but its own contents.
    const out = `second-${bad.length}`
    const { work } = await run('two', out, 'first')
    const second = createFilesystemStorage({ root: join(cwd, out) })
    assert.deepEqual([work.encoded, await second.stat(key)], [0, undefined])
  }
})
