import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../src/builder/build.ts'
import { pack } from '../../src/builder/maintain/pack.ts'
import { saveDictionaries } from '../../src/builder/publish/dictionaries.ts'
import { readHistory } from '../../src/builder/publish/record.ts'
import { LIMITS } from '../../src/core/limit.ts'
import { createReport } from '../../src/report/report.ts'
import { createFilesystemStorage } from '../../src/storage/disk/filesystem.ts'
import { makeTree, readTree } from '../support/tree.ts'

const LONG = 'a { color: red }\n'.repeat(200)

/** A site in which `css/site.css` refers to a picture and `js/a.js` to `js/b.js` and so to `js/c.js`. */
function site(context: TestContext) {
  const cwd = makeTree(context, {
    src: {
      'css/site.css': `body { background: url(../img/logo.svg) }${LONG}`,
      'img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
      'js/a.js': "import './b.js'",
      'js/b.js': "import './c.js'",
      'js/c.js': 'export const c = 1',
      'gone.txt': 'gone',
    },
  })
  const options = { sources: ['src'], encodings: ['gzip' as const], html: true, cache: false as const }
  const storage = createFilesystemStorage({ root: join(cwd, 'staticfiles') })
  return {
    cwd,
    storage,
    write: (name: string, text: string) => writeFileSync(join(cwd, 'src', name), text),
    remove: (name: string) => rmSync(join(cwd, 'src', name)),
    build: () => build(options, { cwd }),
    pack: (name: string) => pack(options, join(cwd, name), { cwd }),
    report: (against?: string) => createReport(storage, { against, cwd }),
    out: () => readTree(join(cwd, 'staticfiles')),
  }
}

/** The last change of the site: one edit, one new and one removed file. */
async function editedSite(context: TestContext) {
  const made = site(context)
  await made.build()
  await made.pack('first.tar')
  made.write('js/c.js', 'export const c = 2')
  made.write('new.txt', 'new')
  made.remove('gone.txt')
  await made.build()
  return made
}

const CHANGES = [
  { kind: 'gone', path: 'gone.txt', download: 4 },
  { kind: 'renamed', path: 'js/a.js', download: 32, because: ['js/a.js', 'js/b.js', 'js/c.js'] },
  { kind: 'renamed', path: 'js/b.js', download: 32, because: ['js/b.js', 'js/c.js'] },
  { kind: 'changed', path: 'js/c.js', download: 18 },
  { kind: 'new', path: 'new.txt', download: 3 },
]

test('a report has the sizes of every file, as stored and as downloaded', async (context) => {
  const { build, report, out } = site(context)
  const { manifest } = await build()
  const { files, totals, encodings, digest } = await report()
  const css = files.find(({ path }) => path === 'css/site.css')
  const compressed = out().get(`${css?.file}.gz`)?.length
  assert.deepEqual([css?.size, css?.download], [manifest.assets.get('css/site.css')?.size, compressed])
  assert.deepEqual(css?.encodings, { gzip: compressed })
  assert.equal(totals.files, 6)
  assert.equal(
    totals.download,
    files.reduce((sum, { download }) => sum + download, 0),
  )
  assert.equal(encodings.gzip.bytes, compressed)
  assert.equal(digest, manifest.digest)
})

test('it tells what changed since a kept build, and why files have other names', async (context) => {
  const { report } = await editedSite(context)
  const { changes } = await report()
  assert.equal(changes.length, 1)
  assert.deepEqual(changes[0]?.files, CHANGES)
  assert.equal(changes[0]?.download, 32 + 32 + 18 + 3)
  assert.equal(changes[0]?.growth, 3 - 4)
})

test('a page in which the build renews integrity is renamed, one whose policy was edited is changed', async (context) => {
  const { write, build, report } = site(context)
  const link = '<link rel="stylesheet" href="css/site.css" integrity="sha384-">'
  const policy = (hash: string) => `<meta http-equiv="Content-Security-Policy" content="'sha256-${hash}='">`
  const map = '<script type="importmap">{"integrity":{"./js/c.js":""}}</script>'
  write('page.html', link + map)
  write('policy.html', link + policy('A'.repeat(43)))
  await build()
  write('css/site.css', 'b { color: blue }')
  write('js/c.js', 'export const c = 2')
  write('policy.html', link + policy('B'.repeat(43)))
  await build()
  const files = (await report()).changes[0]?.files.filter(({ path }) => path.endsWith('.html'))
  const found = files?.map(({ kind, path, because }) => ({ kind, path, because }))
  assert.deepEqual(found, [
    { kind: 'renamed', path: 'page.html', because: ['page.html', 'css/site.css'] },
    { kind: 'changed', path: 'policy.html', because: undefined },
  ])
})

test('it compares with an archive as with a kept build', async (context) => {
  const { report, cwd } = await editedSite(context)
  const { changes } = await report('first.tar')
  assert.deepEqual(changes[0]?.files, CHANGES)
  assert.equal(changes[0]?.since, `archive ${join(cwd, 'first.tar')}`)
  assert.equal(changes.length, 2)
})

test('it compares with any kept build, named by the start of its digest', async (context) => {
  const { write, build, report } = await editedSite(context)
  const first = (await report()).changes[0]?.since ?? ''
  const digests = [first]
  for (let n = 0; n <= LIMITS.reportedBuilds; n++) {
    digests.push((await report()).digest)
    write('js/c.js', `export const c = ${n + 3}`)
    await build()
  }
  const latest = digests.toReversed().slice(0, LIMITS.reportedBuilds)
  const older = digests.toReversed().slice(LIMITS.reportedBuilds)
  const { changes, older: others } = await report()
  assert.deepEqual([changes.map(({ since }) => since), others.map(({ since }) => since)], [latest, older])
  assert.match(others[0]?.publishedAt ?? '', /^\d{4}-\d\d-\d\dT/)

  const chosen = await report(first.slice(0, 8))
  assert.deepEqual(
    chosen.changes.map(({ since }) => since),
    [first, ...latest],
  )
  assert.deepEqual(chosen.changes[0]?.files, CHANGES)
  assert.ok(!chosen.older.some(({ since }) => since === first))
})

test('a build to compare with that is not there is told with the kept ones', async (context) => {
  const { report } = await editedSite(context)
  const [kept] = (await report()).changes
  const message = new RegExp(`or the digest of a kept build: ${kept?.since} of ${kept?.publishedAt}\\.$`)
  for (const against of ['0123456789abcdef', 'none.tar']) {
    await assert.rejects(report(against), { code: 'FP_NOT_FOUND', message })
  }
})

test('what dictionaries save a returning visitor is told beside the whole', async (context) => {
  const { report, storage, build } = await editedSite(context)
  const { file = '', etag: to = '' } = (await build()).manifest.assets.get('js/c.js') ?? {}
  const { retired } = await readHistory(storage)
  const from = [...retired.values()].find(({ path }) => path === 'js/c.js')?.etag ?? ''
  const encodings = { dcb: { size: 5, etag: '0123456789abcdef' } }
  const delta = { file, to, from, dictionary: `${'A'.repeat(43)}=`, encodings }
  await saveDictionaries(storage, { minBytes: 1, deltas: [delta] })
  const [latest] = (await report()).changes
  assert.deepEqual(
    latest?.files.filter((change) => change.delta !== undefined),
    [{ kind: 'changed', path: 'js/c.js', download: 18, delta: 5 }],
  )
  assert.equal(latest?.downloadWithDeltas, (latest?.download ?? 0) - 18 + 5)
})

test('a file whose earlier bytes are gone counts as changed', async (context) => {
  const { report, cwd, out } = await editedSite(context)
  const { assets } = (await build({ sources: ['src'], cache: false }, { cwd, mode: 'dry-run' })).manifest
  const old = [...out().keys()].filter((key) => /^js\/b\./.test(key) && key !== assets.get('js/b.js')?.file)
  for (const key of old) rmSync(join(cwd, 'staticfiles', key))
  const { changes } = await report()
  const kinds = changes[0]?.files.map(({ kind, path }) => `${kind} ${path}`)
  assert.deepEqual(kinds?.slice(1, 3), ['renamed js/a.js', 'changed js/b.js'])
})

test('cycles, twins and files without a reference to them are named', async (context) => {
  const { write, build, report } = site(context)
  write('js/c.js', "import './a.js'")
  write('css/twin.css', LONG)
  write('css/other.css', LONG)
  write('js/mapped.js', '//# sourceMappingURL=mapped.js.map')
  write('js/mapped.js.map', '{"version":3,"file":"mapped.js","sources":[],"mappings":""}')
  await build()
  const { cycles, advice, unused } = await report()
  assert.deepEqual(cycles, [['js/a.js', 'js/b.js', 'js/c.js']])
  const twins = advice.find(({ kind }) => kind === 'duplicates')
  assert.deepEqual(twins?.paths, ['css/other.css', 'css/twin.css'])
  assert.deepEqual(unused, ['css/other.css', 'css/site.css', 'css/twin.css', 'gone.txt', 'js/mapped.js'])
})

test('entries of a bundler, names of the import map and pages are used, a file that names itself is not', async (context) => {
  const cwd = makeTree(context, {
    dist: {
      '.vite/manifest.json':
        '{ "src/main.js": { "file": "a/main-B1xyAbCd.js", "src": "src/main.js", "isEntry": true } }',
      'a/main-B1xyAbCd.js': '',
      'vendor/three.js': '',
      'loop.js': "import './loop.js'",
      'index.html': '',
      'robots.txt': '',
      'left.js': '',
    },
  })
  const options = { sources: ['dist'], encodings: [], cache: false as const }
  await build({ ...options, importMap: { three: 'vendor/three.js' } }, { cwd })
  const storage = createFilesystemStorage({ root: join(cwd, 'staticfiles') })
  assert.deepEqual((await createReport(storage, { cwd })).unused, ['left.js', 'loop.js'])
})

test('of what is worth a look, the ten with the most bytes are listed', async (context) => {
  const { write, build, report } = site(context)
  for (let n = 10; n < 22; n++) write(`${n}.webp`, 'x'.repeat(300_000 + n * 1000))
  await build()
  assert.deepEqual(
    (await report()).advice.map(({ paths }) => paths),
    Array.from({ length: 10 }, (_, at) => [`${21 - at}.webp`]),
  )
})

test('large files, text that compresses badly and public source maps are worth a look', async (context) => {
  const { write, build, report } = site(context)
  // Each of the 94 printable characters as often as the others: 6.6 bits in 8.
  const noise = Array.from(randomBytes(60_000), (byte) => String.fromCharCode(33 + (byte % 94)))
  write('noise.txt', noise.join(''))
  write('photo.jpg', 'x'.repeat(70_000))
  write('photo.webp', 'x'.repeat(300_000))
  write('drawing.png', 'x'.repeat(60_000))
  write('icon.png', 'x'.repeat(6_000))
  write('js/b.js', "import './c.js'\n//# sourceMappingURL=b.js.map")
  write('js/b.js.map', '{"version":3,"sources":[],"mappings":""}')
  await build()
  const { advice } = await report()
  const kinds = advice.map(({ kind, paths }) => `${kind} ${paths}`)
  assert.ok(kinds.includes('large photo.webp'), String(kinds))
  assert.ok(kinds.includes('badly-compressed noise.txt'), String(kinds))
  assert.deepEqual(
    kinds.filter((kind) => kind.startsWith('image-format')),
    ['image-format photo.jpg', 'image-format drawing.png'],
  )
  assert.ok(kinds.includes('source-maps js/b.js.map'), String(kinds))
})

test('text that a build was not to compress does not count as badly compressed', async (context) => {
  const cwd = makeTree(context, { src: { 'a.css': LONG.repeat(10), 'large.css': LONG.repeat(100) } })
  const storage = createFilesystemStorage({ root: join(cwd, 'staticfiles') })
  for (const rule of [{ encodings: [] }, { compress: { '*.css': false } }] as const) {
    await build({ sources: ['src'], cache: false, ...rule }, { cwd })
    const found = (await createReport(storage, { cwd })).advice.map(({ kind, paths }) => `${kind} ${paths}`)
    assert.deepEqual(found, ['large large.css'], JSON.stringify(rule))
  }
})
