import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { build } from '../../src/builder/build.ts'
import type { BuildOptions } from '../../src/builder/settings/options.ts'
import { createDigester, integrityOf } from '../../src/core/digest.ts'
import { parseHashedPath } from '../../src/core/hashed-path.ts'
import { makeTree, readTree, type Tree } from '../support/tree.ts'

const digester = await createDigester()

/** A folder with a source `src`, and a function that builds it. */
function project(context: TestContext, src: Tree, options: Partial<BuildOptions> = {}) {
  const cwd = makeTree(context, { src })
  const run = () => build({ sources: ['src'], cache: false, ...options }, { cwd, now: () => new Date(0) })
  return { cwd, run, out: () => readTree(join(cwd, 'staticfiles')) }
}

const LONG = 'body { color: rebeccapurple; background: papayawhip }\n'.repeat(40)

test('every file is written under the digest of its final bytes, with the siblings that pay', async (context) => {
  const { run, out } = project(context, {
    'css/site.css': `${LONG}h1 { background: url("../img/a.png?x#y") }`,
    'img/a.png': Buffer.from([137, 80, 78, 71, 1, 2, 3]),
    LICENSE: 'free',
  })
  const { manifest, work, kind } = await run()
  const files = out()
  assert.equal(kind, 'built')
  assert.deepEqual([...manifest.assets.keys()], ['LICENSE', 'css/site.css', 'img/a.png'])
  for (const [path, asset] of manifest.assets) {
    const bytes = files.get(asset.file)
    assert.ok(bytes, asset.file)
    assert.equal(asset.size, bytes.length)
    assert.equal(asset.etag, digester.of(bytes))
    assert.equal(asset.integrity, integrityOf(bytes))
    assert.deepEqual(parseHashedPath(asset.file), { path, digest: asset.etag })
  }
  const css = manifest.assets.get('css/site.css')
  const image = manifest.assets.get('img/a.png')
  const text = files.get(css?.file ?? '')?.toString() ?? ''
  assert.ok(text.endsWith(`url("../${image?.file}?x#y") }`), text.slice(-80))
  assert.deepEqual(css?.references, [{ path: 'img/a.png', kind: 'css-url' }])
  const br = files.get(`${css?.file}.br`) ?? Buffer.alloc(0)
  const gzip = files.get(`${css?.file}.gz`) ?? Buffer.alloc(0)
  assert.equal(brotliDecompressSync(br).toString(), text)
  assert.equal(gunzipSync(gzip).toString(), text)
  assert.deepEqual(css?.encodings, {
    br: { size: br.length, etag: digester.of(br) },
    gzip: { size: gzip.length, etag: digester.of(gzip) },
  })
  assert.deepEqual(image?.encodings, {})
  assert.equal(files.size, 3 + 2 + 2)
  assert.equal(work.written, files.size)
})

test('a gzip sibling has no time, no name and no operating system in its header', async (context) => {
  const { run, out } = project(context, { 'a.txt': LONG }, { encodings: ['gzip'] })
  const { manifest } = await run()
  const gzip = out().get(`${manifest.assets.get('a.txt')?.file}.gz`)
  assert.deepEqual([...(gzip?.subarray(0, 10) ?? [])], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255])
})

test('a sibling that saves less than a twentieth is not kept', async (context) => {
  // 3,000 bytes that can't be made smaller, and blanks that cost next to nothing.
  const random = Array.from({ length: 63 }, (_, n) => integrityOf(Buffer.from(`${n}`)).slice(7))
  const noise = Buffer.from(random.join(''), 'base64').toString('latin1')
  const dense = (blanks: number) => Buffer.from(noise + ' '.repeat(blanks), 'latin1')
  const { run } = project(context, {
    'short.txt': 'abc',
    'empty.css': '',
    'little.txt': dense(100),
    'enough.txt': dense(300),
  })
  const { manifest } = await run()
  const withSiblings = [...manifest.assets].filter(([, { encodings }]) => Object.keys(encodings).length > 0)
  assert.deepEqual(
    withSiblings.map(([path]) => path),
    ['enough.txt'],
  )
})

test('when an image changes, everything that leads to it is renamed, and nothing else', async (context) => {
  const { cwd, run } = project(context, {
    'a.css': '@import "b.css";',
    'b.css': 'p { background: url(deep/i.svg) }',
    'c.css': 'q { background: url(other.svg) }',
    deep: { 'i.svg': '<svg/>' },
    'other.svg': '<svg/>',
  })
  const before = (await run()).manifest.assets
  writeFileSync(join(cwd, 'src/deep/i.svg'), '<svg />')
  const after = (await run()).manifest.assets
  const renamed = [...after]
    .filter(([path, { file }]) => before.get(path)?.file !== file)
    .map(([path]) => path)
  assert.deepEqual(renamed, ['a.css', 'b.css', 'deep/i.svg'])
})

test('circles and files that name themselves get names that cover all of them', async (context) => {
  const { cwd, run, out } = project(context, {
    'a.css': '@import "./b.css"; .a { background: url(x.svg) }',
    'b.css': '@import "c.css";',
    'c.css': '@import "a.css";',
    'self.css': '@import "self.css?again";',
    'x.svg': '<svg/>',
  })
  const before = (await run()).manifest.assets
  const text = (path: string) =>
    out()
      .get(before.get(path)?.file ?? '')
      ?.toString()
  assert.equal(
    text('a.css'),
    `@import "./${before.get('b.css')?.file}"; .a { background: url(${before.get('x.svg')?.file}) }`,
  )
  assert.equal(text('c.css'), `@import "${before.get('a.css')?.file}";`)
  assert.equal(text('self.css'), `@import "${before.get('self.css')?.file}?again";`)

  writeFileSync(join(cwd, 'src/b.css'), '@import "./c.css";')
  const edited = (await run()).manifest.assets
  const changed = (path: string) => edited.get(path)?.file !== before.get(path)?.file
  assert.deepEqual(['a.css', 'b.css', 'c.css', 'self.css', 'x.svg'].filter(changed), [
    'a.css',
    'b.css',
    'c.css',
  ])

  writeFileSync(join(cwd, 'src/x.svg'), '<svg />')
  const outside = (await run()).manifest.assets
  assert.notEqual(outside.get('b.css')?.file, edited.get('b.css')?.file)
})

test('a chain of five hundred imports is no deeper than one', async (context) => {
  const tree: Record<string, string> = {}
  for (let i = 0; i < 500; i++) tree[`f${i}.css`] = i === 499 ? 'p {}' : `@import "f${i + 1}.css";`
  const { run } = project(context, tree, { encodings: [] })
  assert.equal((await run()).manifest.assets.size, 500)
})

test('all references that lead nowhere are told at once, and nothing is published', async (context) => {
  const { run, out, cwd } = project(context, {
    'css/a.css': 'p {}\n  q { background: url(../img/logo.svg) }',
    'css/b.css': '@import "missing.css"; r { background: url(../../up.png) }',
    'img/logo2.svg': '<svg/>',
  })
  await assert.rejects(run(), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'FP_REFERENCE')
    assert.match(error.message, /css\/a\.css:2:\d+ {2}.*img\/logo\.svg/)
    assert.match(error.message, /nearest {3}img\/logo2\.svg/)
    assert.match(error.message, /css\/b\.css:1:\d+ {2}.*missing\.css/)
    assert.match(error.message, /css\/b\.css:1:\d+ {2}.*up\.png/)
    return true
  })
  assert.throws(() => statSync(join(cwd, 'staticfiles')), { code: 'ENOENT' })
  await project(context, {}, { allowEmpty: true }).run()
  assert.throws(out, { code: 'ENOENT' })
})

test('a failed build leaves the old one as it was', async (context) => {
  const { run, out, cwd } = project(context, { 'a.css': 'p {}', 'b.txt': LONG })
  await run()
  const before = out()
  writeFileSync(join(cwd, 'src/a.css'), 'p { background: url(gone.png) }')
  writeFileSync(join(cwd, 'src/new.txt'), LONG + LONG)
  await assert.rejects(run(), { code: 'FP_REFERENCE' })
  assert.deepEqual(out(), before)
})

test('a second build writes nothing', async (context) => {
  const { run, out, cwd } = project(context, { 'a.css': LONG, 'b/c.js': 'let x = 1' })
  const first = await run()
  const before = out()
  const times = [...before.keys()].map((key) => statSync(join(cwd, 'staticfiles', key)).mtimeMs)
  const second = await run()
  assert.equal(second.kind, 'unchanged')
  assert.equal(second.work.written, 0)
  assert.equal(second.manifest.digest, first.manifest.digest)
  assert.deepEqual(out(), before)
  assert.deepEqual(
    [...before.keys()].map((key) => statSync(join(cwd, 'staticfiles', key)).mtimeMs),
    times,
  )
})

test('what is missing from the output or has the wrong size is made again', async (context) => {
  const { run, out, cwd } = project(context, { 'a.css': LONG, 'b.css': `${LONG} ` })
  const { manifest } = await run()
  const before = out()
  writeFileSync(join(cwd, 'staticfiles', `${manifest.assets.get('a.css')?.file}.br`), 'short')
  writeFileSync(join(cwd, 'staticfiles', manifest.assets.get('b.css')?.file ?? ''), '')
  assert.equal((await run()).work.written, 2)
  assert.deepEqual(out(), before)
})

test('a damaged manifest is replaced', async (context) => {
  const { run, out, cwd } = project(context, { 'a.css': LONG })
  await run()
  const before = out()
  writeFileSync(join(cwd, 'staticfiles/manifest.json'), '{"version":1,')
  assert.equal((await run()).work.written, 1)
  assert.deepEqual(out(), before)
})

test('files with the same content are compressed once', async (context) => {
  const { run } = project(
    context,
    { 'a.css': LONG, 'copy/a.css': LONG, 'b.txt': LONG },
    { encodings: ['gzip'] },
  )
  const { work, outputs } = await run()
  assert.equal(work.encoded, 1)
  assert.equal(outputs.gzip.files, 3)
})

test('a dry run tells what it would write, and writes nothing', async (context) => {
  const cwd = makeTree(context, { src: { 'a.css': LONG } })
  const report = await build({ sources: ['src'], cache: false }, { cwd, mode: 'dry-run' })
  assert.equal(report.kind, 'dry-run')
  assert.equal(report.work.written, 3)
  assert.deepEqual([...readTree(cwd).keys()], ['src/a.css'])
})

test('qualities and encodings follow the globs', async (context) => {
  const tree = { 'a.txt': LONG, 'a.map': LONG, 'raw/a.txt': LONG, 'deep/b.map': LONG }
  // The first that matches decides.
  const compress = { '*.map': { br: 2, gzip: false }, 'raw/**': false, '**': { br: 11 } } as const
  const { run } = project(context, tree, { compress })
  const { manifest } = await run()
  const encodings = (path: string) => manifest.assets.get(path)?.encodings ?? {}
  assert.deepEqual(Object.keys(encodings('a.txt')), ['br', 'gzip'])
  assert.deepEqual(Object.keys(encodings('a.map')), ['br'])
  assert.deepEqual(Object.keys(encodings('deep/b.map')), ['br'])
  assert.deepEqual(encodings('raw/a.txt'), {})
  assert.notEqual(encodings('a.map').br?.etag, encodings('a.txt').br?.etag)
})

test('progress ends with every file and every byte', async (context) => {
  const cwd = makeTree(context, { src: { 'a.css': LONG, 'b.txt': 'b' } })
  const events: string[] = []
  await build(
    { sources: ['src'], cache: false },
    {
      cwd,
      onProgress: (event) =>
        events.push(
          event.kind === 'progress'
            ? `${event.done}/${event.total} ${event.bytes}/${event.totalBytes}`
            : event.kind === 'step'
              ? event.step
              : '',
        ),
    },
  )
  assert.deepEqual(events.slice(0, 3), ['collect', 'scan', 'encode'])
  assert.deepEqual(events.slice(-2), [`2/2 ${LONG.length + 1}/${LONG.length + 1}`, 'publish'])
})

test('an aborted build publishes nothing', async (context) => {
  const cwd = makeTree(context, { src: { 'a.css': LONG } })
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(build({ sources: ['src'], cache: false }, { cwd, signal }), /enough/)
  assert.deepEqual([...readTree(cwd).keys()], ['src/a.css'])
})

test('source files keep their bytes whatever their encoding', async (context) => {
  const latin1 = Buffer.from('/* caf\xe9 */ p { background: url(i.svg) } /* \xff\xfe */', 'latin1')
  const { run, out, cwd } = project(context, { 'a.css': latin1, 'i.svg': '<svg/>' })
  const { manifest } = await run()
  const bytes = out().get(manifest.assets.get('a.css')?.file ?? '')
  const undone = bytes?.toString('latin1').replace(/\.[0-9a-f]{16}(?=\.svg)/, '')
  assert.equal(undone, readFileSync(join(cwd, 'src/a.css')).toString('latin1'))
})

test('sources without files are an error unless they are allowed', async (context) => {
  const cwd = makeTree(context, { src: {} })
  const run = (options: Partial<BuildOptions>) =>
    build({ sources: ['src'], cache: false, ...options }, { cwd })
  await assert.rejects(run({}), { code: 'FP_SOURCE', message: /^No files in src\.\n.*--allow-empty/ })
  assert.ok(!existsSync(join(cwd, 'staticfiles')))
  assert.equal((await run({ allowEmpty: true })).manifest.assets.size, 0)
})
