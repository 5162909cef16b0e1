import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import zlib from 'node:zlib'
import Fastify from 'fastify'
import { build } from '../../src/builder/build.ts'
import { canMakeDeltas } from '../../src/builder/compress/delta.ts'
import { check } from '../../src/builder/maintain/check.ts'
import { pack } from '../../src/builder/maintain/pack.ts'
import { prune } from '../../src/builder/maintain/prune.ts'
import type { DictionaryOptions } from '../../src/builder/settings/dictionaries.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import {
  type Delta,
  DICTIONARIES_FILE,
  deltaPath,
  parseDictionaries,
} from '../../src/core/manifest/dictionaries.ts'
import { MANIFEST_FILE } from '../../src/core/manifest/manifest.ts'
import fingerpost from '../../src/index.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { deltaTest, keysOf, makesDeltas, noise, project } from '../support/deltas.ts'
import { makeTree, writeTree } from '../support/tree.ts'

const STYLE = noise('style', 20_000)
const SCRIPT = noise('script', 20_000)

test('deltas are made', (context) => {
  if (!makesDeltas) context.skip('this Node makes none: 24.15 or newer does')
})

const decoders = { dcb: 'brotliDecompressSync', dcz: 'zstdDecompressSync' } as const

async function assertDecodes(storage: Storage, delta: Delta, old: string): Promise<void> {
  const content = await storage.read(delta.file)
  assert.equal(delta.dictionary, createHash('sha256').update(old).digest('base64'))
  for (const encoding of ['dcb', 'dcz'] as const) {
    const variant = delta.encodings[encoding]
    if (variant === undefined) continue
    const bytes = await storage.read(deltaPath(delta, encoding))
    assert.equal(bytes.length, variant.size)
    const magic = encoding === 'dcb' ? 'ff444342' : '5e2a4d1820000000'
    const start = magic.length / 2
    assert.equal(bytes.toString('hex', 0, start), magic)
    assert.equal(bytes.toString('base64', start, start + 32), delta.dictionary)
    const decode = Reflect.get(zlib, decoders[encoding]) as (bytes: Buffer, options: object) => Buffer
    assert.deepEqual(decode(bytes.subarray(start + 32), { dictionary: Buffer.from(old) }), content)
  }
}

/** Node 22 makes these, but not dcb. */
test('a delta of zstd is made where the runtime makes it, with the same bytes on every Node', async (context) => {
  if (!canMakeDeltas('dcz')) return context.skip('this Node makes none: 22.19 or newer does')
  const site = project(context, { dictionaries: { encodings: ['dcz'], minBytes: 16 } })
  // The smallest window that zstd has is larger than the small one.
  await site.build({ 'a.css': STYLE, 'small.css': noise('small', 200) })
  await site.build({ 'a.css': `${STYLE}!`, 'small.css': noise('smaller', 200) })
  const [delta] = await site.deltas()
  assert.ok(delta)
  await assertDecodes(site.storage, delta, STYLE)
  const frame = (await site.storage.read(deltaPath(delta, 'dcz'))).subarray(8 + 32)
  // The descriptor of a frame tells whether the size of the content follows (RFC 8878 §3.1.1.1).
  assert.ok(((frame[4] ?? 0) & 0b1110_0000) !== 0, 'with the size')
})

deltaTest('a file of an npm package is a dictionary for that of another version', async (context) => {
  const site = project(context, { importMap: { packages: 'auto' } })
  const install = (version: string, code: string) =>
    site.build({
      'a.js': 'import "p"',
      '../node_modules/p': {
        'package.json': JSON.stringify({ name: 'p', version, type: 'module' }),
        'index.js': code,
      },
    })
  await install('1.0.0', `//${SCRIPT}\nexport {}`)
  await install('1.1.0', `//${SCRIPT}\nexport const a = 1`)
  const [delta] = await site.deltas()
  assert.match(delta?.file ?? '', /^npm\/p@1\.1\.0\/index\./)
  if (delta !== undefined) await assertDecodes(site.storage, delta, `//${SCRIPT}\nexport {}`)
})

deltaTest('each file that changed has deltas that decode to it', async (context) => {
  const site = project(context, { dictionaries: { encodings: ['dcz', 'dcb'] } })
  const first = await site.build({ 'a.css': STYLE, 'b.js': SCRIPT })
  assert.equal(first.deltas, undefined)
  assert.deepEqual(await site.dictionaries(), { minBytes: 1024, deltas: [] })
  const second = await site.build({ 'a.css': `${STYLE}!` })
  const [delta, ...others] = await site.deltas()
  assert.ok(delta)
  assert.deepEqual(others, [])
  assert.deepEqual(Object.keys(delta.encodings), ['dcb', 'dcz'])
  await assertDecodes(site.storage, delta, STYLE)
  const { size = 0 } = second.manifest.assets.get('a.css')?.encodings.gzip ?? {}
  const sizes = Object.values(delta.encodings).map((variant) => variant.size)
  assert.deepEqual(second.deltas, { files: 1, bytes: Math.min(...sizes), wholeBytes: size })
  assert.ok(Math.max(...sizes) < 150, String(sizes))
})

deltaTest('the last contents are dictionaries, so many and no more, the latest first', async (context) => {
  const site = project(context, { dictionaries: { versions: 3 } })
  const contents = Array.from({ length: 5 }, (_, version) => `${STYLE}${version}`)
  for (const content of contents) await site.build({ 'a.css': content })
  const deltas = await site.deltas()
  assert.equal(deltas.length, 3)
  for (const [index, delta] of deltas.entries())
    await assertDecodes(site.storage, delta, contents[3 - index] ?? '')
  await site.build({ 'b.css': STYLE })
  assert.deepEqual((await site.deltas()).slice(0, 3), deltas, 'of a file that stays as it is they stay')
})

deltaTest('large dictionaries are prepared in a worker', async (context) => {
  const site = project(context, {
    compress: { '*': { gzip: 1 } },
    dictionaries: { encodings: ['dcb', 'dcz'] },
  })
  const old = noise('large', 1_200_000)
  await site.build({ 'a.css': old })
  await site.build({ 'a.css': `${old}!` })
  const [delta] = await site.deltas()
  assert.ok(delta)
  assert.deepEqual(Object.keys(delta.encodings), ['dcb', 'dcz'])
  await assertDecodes(site.storage, delta, old)
})

deltaTest('files of bundlers are paired by folder, stem and extension', async (context) => {
  const site = project(context, { prehashed: ['*-*.js'] })
  const old = ['AAAAAAA1', 'AAAAAAA2', 'AAAAAAA3', 'AAAAAAA4'].map((hash) => [
    `app/index-${hash}.js`,
    `${SCRIPT}${hash}`,
  ])
  await site.build({
    ...Object.fromEntries(old),
    'app/index-AAAAAAA5.css': STYLE,
    'app/other-AAAAAAA6.js': SCRIPT,
  })
  const next = project(context, { prehashed: ['*-*.js'] }, site.storage)
  await next.build({ 'app/index-BBBBBBB1.js': `${SCRIPT}B` })
  const deltas = await site.deltas()
  assert.deepEqual(
    deltas.map(({ file }) => file),
    Array.from({ length: 3 }, () => 'app/index-BBBBBBB1.js'),
  )
  for (const [index, delta] of deltas.entries())
    await assertDecodes(site.storage, delta, old[index]?.[1] ?? '')
})

deltaTest(
  'what gains too little, is too small or has no place in a pattern has no delta',
  async (context) => {
    const site = project(context)
    const repeated = 'p { color: red }\n'.repeat(100)
    const files = (version: string) => ({
      'other.css': noise(version, 20_000),
      'repeated.css': repeated + version,
      'tiny.css': noise('tiny', 900) + version,
      'a:b.css': STYLE + version,
      'pic.png': noise('png', 9000) + version,
      'good.css': STYLE + version,
    })
    await site.build(files('one'))
    const { manifest } = await site.build(files('two'))
    assert.deepEqual(
      (await site.deltas()).map(({ file }) => file),
      [manifest.assets.get('good.css')?.file],
    )
  },
)

deltaTest('a trained dictionary of zstd is none for dcz', async (context) => {
  const site = project(context, { dictionaries: { encodings: ['dcb', 'dcz'] } })
  const trained = (text: string) => Buffer.concat([Buffer.from('37a430ec', 'hex'), Buffer.from(text)])
  await site.build({ 'a.css': trained(STYLE) })
  await site.build({ 'a.css': trained(`${STYLE}!`) })
  const [delta] = await site.deltas()
  assert.deepEqual(Object.keys(delta?.encodings ?? {}), ['dcb'])
})

deltaTest('no more files than browsers hold are offered, the largest', async (context) => {
  const site = project(context, { dictionaries: { maxFiles: 2 } })
  const files = (version: string) =>
    Object.fromEntries([5, 6, 7, 8].map((size) => [`f${size}.css`, noise(`f${size}`, size * 1000) + version]))
  await site.build(files('1'))
  const { manifest } = await site.build(files('2'))
  const { minBytes, deltas } = await site.dictionaries()
  assert.equal(minBytes, 6002)
  assert.deepEqual(
    deltas.map(({ file }) => file),
    ['f7.css', 'f8.css'].map((path) => manifest.assets.get(path)?.file),
  )
})

deltaTest('a build elsewhere makes deltas from --previous, a folder or an archive', async (context) => {
  const cwd = makeTree(context, { old: { 'a.css': STYLE }, new: { 'a.css': `${STYLE}!` } })
  const shared: Partial<BuildOptions> = { encodings: ['gzip'], cache: false, dictionaries: true }
  await build({ ...shared, sources: ['old'], out: 'first' }, { cwd })
  await pack({ sources: ['old'], out: 'first' }, 'first.tar', { cwd })
  for (const previous of ['first', 'first.tar']) {
    const storage = createMemoryStorage()
    await build({ ...shared, sources: ['new'], previous }, { cwd, storage })
    const { deltas } = parseDictionaries((await storage.read(DICTIONARIES_FILE)).toString(), 'test')
    assert.ok(deltas[0])
    await assertDecodes(storage, deltas[0], STYLE)
  }
})

deltaTest('deltas of files that stay are taken over from --previous, wherever it is', async (context) => {
  const cwd = makeTree(context, {
    one: { 'a.css': STYLE, 'b.js': SCRIPT },
    two: { 'a.css': `${STYLE}2`, 'b.js': SCRIPT },
    three: { 'a.css': `${STYLE}2`, 'b.js': `${SCRIPT}3` },
  })
  const shared: Partial<BuildOptions> = { encodings: ['gzip'], cache: false, dictionaries: true }
  const run = (source: string, out: string, previous?: string) =>
    build({ ...shared, sources: [source], out, ...(previous && { previous }) }, { cwd })
  await run('one', 'first')
  await run('two', 'first')
  await pack({ sources: [], out: 'first' }, 'first.tar', { cwd })
  const app = Fastify()
  context.after(() => app.close())
  await app.register(fingerpost, { root: join(cwd, 'first'), watch: false })
  for (const name of [MANIFEST_FILE, DICTIONARIES_FILE])
    app.get(`/static/${name}`, () => readFileSync(join(cwd, 'first', name)))
  const address = `${await app.listen({ host: '127.0.0.1', port: 0 })}/static/manifest.json`
  for (const previous of ['first', 'first.tar', address]) {
    const { manifest, work } = await run('three', 'second', previous)
    const { deltas } = parseDictionaries(readFileSync(join(cwd, 'second', DICTIONARIES_FILE), 'utf8'), 'test')
    assert.deepEqual(
      deltas.map(({ file }) => file),
      ['a.css', 'b.js'].map((path) => manifest.assets.get(path)?.file),
    )
    // One variant and one delta of the file that changed.
    assert.equal(work.encoded, 2, previous)
    const storage = createFilesystemStorage({ root: join(cwd, 'second') })
    for (const [index, old] of [STYLE, SCRIPT].entries())
      await assertDecodes(storage, deltas[index] as Delta, old)
    rmSync(join(cwd, 'second'), { recursive: true })
  }
})

deltaTest('a delta of a file that got other content under its name is not kept', async (context) => {
  const site = project(context, { prehashed: ['*-*.js'] })
  await site.build({ 'index-AAAAAAA1.js': SCRIPT })
  rmSync(join(site.cwd, 'src/index-AAAAAAA1.js'))
  await site.build({ 'index-BBBBBBB1.js': `${SCRIPT}1` })
  await site.build({ 'index-BBBBBBB1.js': `${SCRIPT}2` })
  const deltas = await site.deltas()
  assert.equal(deltas.length, 1)
  for (const delta of deltas) await assertDecodes(site.storage, delta, SCRIPT)
})

deltaTest('after a prune, deltas from contents that are gone stay', async (context) => {
  const site = project(context)
  await site.build({ 'a.css': STYLE, 'b.js': SCRIPT })
  await site.build({ 'a.css': `${STYLE}1` })
  const before = await site.deltas()
  const later = { ...site.environment, now: () => new Date(Date.now() + 9e9) }
  assert.ok((await prune(site.settings, { keep: 1 }, later)).removed.length > 0)
  await site.build({ 'b.js': `${SCRIPT}1` })
  assert.deepEqual((await site.deltas())[0], before[0])
})

deltaTest(
  'a build without changes writes nothing, one without dictionaries takes them away',
  async (context) => {
    const site = project(context)
    await site.build({ 'a.css': STYLE })
    await site.build({ 'a.css': `${STYLE}!` })
    const before = await site.storage.read(DICTIONARIES_FILE)
    const again = await site.build({})
    assert.deepEqual([again.kind, again.work.encoded, again.deltas?.files], ['unchanged', 1, 1])
    assert.deepEqual(await site.storage.read(DICTIONARIES_FILE), before)
    const off = await site.build({}, { dictionaries: false })
    assert.deepEqual([off.kind, off.deltas], ['built', undefined])
    assert.ok(!(await site.keys()).includes(DICTIONARIES_FILE))
    assert.equal((await site.build({}, { dictionaries: false })).kind, 'unchanged')
  },
)

deltaTest('the cache has deltas, and what was not worth one', async (context) => {
  const cwd = makeTree(context, {
    old: { 'a.css': STYLE, 'b.css': SCRIPT },
    new: { 'a.css': `${STYLE}!`, 'b.css': STYLE },
  })
  const run = async (source: string, storage: Storage) =>
    build(
      { sources: [source], encodings: ['gzip'], cache: { dir: 'cache' }, dictionaries: true },
      { cwd, storage },
    )
  const [one, two] = [createMemoryStorage(), createMemoryStorage()]
  await run('old', one)
  assert.equal((await run('new', one)).work.encoded, 3)
  await run('old', two)
  assert.equal((await run('new', two)).work.encoded, 0)
  assert.deepEqual(await two.read(DICTIONARIES_FILE), await one.read(DICTIONARIES_FILE))
})

deltaTest('an earlier content that is damaged or gone costs its delta, not the build', async (context) => {
  for (const harm of ['damaged', 'gone']) {
    const site = project(context)
    const { manifest } = await site.build({ 'a.css': STYLE })
    const old = manifest.assets.get('a.css')?.file ?? ''
    if (harm === 'gone') await site.storage.delete(old)
    else await site.storage.save(old, Buffer.from(noise('x', STYLE.length)), { overwrite: true })
    await site.build({ 'a.css': `${STYLE}!` })
    assert.deepEqual(await site.deltas(), [])
  }
})

test('a file of somebody else is not replaced', async (context) => {
  const site = project(context)
  await site.storage.save(DICTIONARIES_FILE, Buffer.from('{"words":[]}'))
  await assert.rejects(site.build({ 'a.css': STYLE }), { code: 'FP_COLLISION' })
  const kept = project(context, { prehashed: [DICTIONARIES_FILE] })
  await assert.rejects(kept.build({ [DICTIONARIES_FILE]: '{}' }), { code: 'FP_COLLISION' })
})

test('a runtime that makes no deltas says so, and offers nothing', async (context) => {
  if (canMakeDeltas('dcb')) return context.skip('this Node makes deltas')
  const site = project(context)
  const { leftOut } = await site.build({ 'a.css': STYLE })
  assert.deepEqual(leftOut, ['dcb'])
  assert.ok(!(await site.keys()).includes(DICTIONARIES_FILE))
})

for (const given of [{ versions: 6 }, { versions: 0 }, { encodings: ['br'] }, { minBytes: -1 }, 'yes']) {
  test(`the option refuses ${JSON.stringify(given)}`, async (context) => {
    const site = project(context, { dictionaries: given as DictionaryOptions })
    await assert.rejects(site.build({}), {
      code: 'FP_CONFIG',
      message: /dictionaries|versions|encodings|minBytes/,
    })
  })
}

deltaTest('check finds a delta that is missing or wrong, and repairs it', async (context) => {
  const site = project(context)
  await site.build({ 'a.css': STYLE })
  await site.build({ 'a.css': `${STYLE}!` })
  const [delta] = await site.deltas()
  assert.ok(delta)
  const key = deltaPath(delta, 'dcb')
  const good = await site.storage.read(key)
  const run = (repair: 'nothing' | 'variants') => check(site.settings, { repair }, site.environment)
  assert.deepEqual((await run('nothing')).faults, [])
  const harms: Readonly<Record<string, () => Promise<unknown>>> = {
    missing: () => site.storage.delete(key),
    size: () => site.storage.save(key, good.subarray(1), { overwrite: true }),
    digest: () => site.storage.save(key, Buffer.alloc(good.length), { overwrite: true }),
  }
  for (const [kind, harm] of Object.entries(harms)) {
    await harm()
    const { faults } = await run('nothing')
    assert.deepEqual(
      faults.map((fault) => [fault.kind, fault.file]),
      [[kind, key]],
    )
    assert.deepEqual((await run('variants')).repaired, [key])
    assert.deepEqual(await site.storage.read(key), good)
  }
})

deltaTest('a prune takes deltas along with their file, and those that no build promises', async (context) => {
  const site = project(context, { dictionaries: { versions: 1 } })
  for (const version of ['1', '2', '3']) await site.build({ 'a.css': STYLE + version, 'b.css': SCRIPT })
  const isDelta = (key: string) => key.endsWith('.dcb')
  assert.equal((await site.keys()).filter(isDelta).length, 2)
  const [delta] = await site.deltas()
  assert.ok(delta)
  const later = { ...site.environment, now: () => new Date(Date.now() + 9e9) }
  await prune(site.settings, { keep: 2 }, later)
  assert.deepEqual((await site.keys()).filter(isDelta), [deltaPath(delta, 'dcb')])
  await site.build({}, { dictionaries: false })
  await prune(site.settings, { keep: 2 }, later)
  assert.deepEqual((await site.keys()).filter(isDelta), [])
})

deltaTest('an archive has the deltas', async (context) => {
  const cwd = makeTree(context, { src: { 'a.css': STYLE } })
  const options: BuildOptions = { sources: ['src'], encodings: ['gzip'], cache: false, dictionaries: true }
  await build(options, { cwd })
  const plain = await pack(options, 'one.tar', { cwd })
  writeTree(join(cwd, 'src'), { 'a.css': `${STYLE}!` })
  await build(options, { cwd })
  assert.equal((await pack(options, 'two.tar', { cwd })).files, plain.files + 1)
})

/** A storage that fails from its nth change on. */
function failing(storage: Storage, nth: number) {
  let changes = 0
  const change = async <T>(work: () => Promise<T>): Promise<T> => {
    if (++changes >= nth) throw new Error('the power went')
    return work()
  }
  return {
    ...storage,
    save: (...given: Parameters<Storage['save']>) => change(() => storage.save(...given)),
    delete: (key: string) => change(() => storage.delete(key)),
    changes: () => changes,
  }
}

deltaTest(
  'a build that dies at any write leaves a site without faults, and the next one is as ever',
  async (context) => {
    const contentOf = async (storage: Storage) => {
      const keys = (await keysOf(storage)).filter((key) => !key.startsWith('.fingerpost/'))
      return new Map(await Promise.all(keys.map(async (key) => [key, await storage.read(key)] as const)))
    }
    const begin = async () => {
      const site = project(context)
      await site.build({ 'a.css': STYLE, 'b.css': SCRIPT })
      await site.build({ 'a.css': `${STYLE}1` })
      writeTree(join(site.cwd, 'src'), { 'a.css': `${STYLE}2`, 'b.css': `${SCRIPT}2` })
      return site
    }
    const run = ({ cwd, settings }: ReturnType<typeof project>, storage: Storage) =>
      build(settings, { cwd, storage, now: () => new Date(0) })
    const whole = await begin()
    const counting = failing(whole.storage, Number.POSITIVE_INFINITY)
    await run(whole, counting)
    const wanted = await contentOf(whole.storage)
    for (let nth = 1; nth <= counting.changes(); nth++) {
      const site = await begin()
      await assert.rejects(run(site, failing(site.storage, nth)), /the power went/)
      for await (const { key } of site.storage.list('.fingerpost/')) await site.storage.delete(key)
      assert.deepEqual((await check(site.settings, {}, { storage: site.storage })).faults, [], `write ${nth}`)
      await run(site, site.storage)
      const found = await contentOf(site.storage)
      for (const key of [MANIFEST_FILE, DICTIONARIES_FILE])
        assert.deepEqual(found.get(key), wanted.get(key), `${key} ${nth}`)
      assert.deepEqual([...found.keys()], [...wanted.keys()], `write ${nth}`)
    }
  },
)
