import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LazyMap } from '../../../src/core/lazy.ts'
import { formatManifest } from '../../../src/core/manifest/format.ts'
import { openManifest } from '../../../src/core/manifest/lines.ts'
import { type Manifest, type ManifestAsset, parseManifest } from '../../../src/core/manifest/manifest.ts'
import { createRandom } from '../../support/random.ts'

const textOf = (manifest: Manifest) => formatManifest(manifest).toString()

const VARIANT = { size: 9, etag: '1f' }
const PLAIN: ManifestAsset = {
  ...{ file: 'a.00.css', type: 'text/css; charset=utf-8', size: 0, etag: '0f', integrity: 'sha384-a+/=' },
  encodings: {},
  references: [],
}
const FULL: ManifestAsset = {
  ...PLAIN,
  ...{ file: 'b/ü [x], y.00.js', size: 123_456_789_012_345 },
  encodings: { br: VARIANT, zstd: VARIANT, gzip: VARIANT },
  references: [
    { path: 'img/x.png', kind: 'css-url' },
    { path: 'é.js', kind: 'js-import' },
  ],
}

const manifestOf = (assets: Readonly<Record<string, ManifestAsset>>, importMap = {}): Manifest => ({
  ...{ version: 1, url: '/static/', digest: '8c1d', assets: new Map(Object.entries(assets)) },
  ...(Object.keys(importMap).length === 0 ? {} : { importMap: new Map(Object.entries(importMap)) }),
})

/** What a manifest says, or what is said against it. */
function outcome(read: typeof parseManifest, text: string): unknown {
  try {
    const { assets, ...head } = read(text, 'm')
    return { ...head, assets: [...assets].sort(([a], [b]) => (a < b ? -1 : 1)) }
  } catch (error) {
    return (error as Error).message
  }
}

test('whatever a build writes is opened line by line, and says what it says', () => {
  const assets = { 'a.css': PLAIN, 'b/ü [x], y.js': FULL, '10': PLAIN, ['__proto__']: PLAIN, 'z.js': FULL }
  for (const manifest of [
    manifestOf(assets),
    manifestOf({ only: FULL }, { three: 'three.js', './a': 'a' }),
  ]) {
    const text = textOf(manifest)
    const opened = openManifest(text, 'm')
    assert.ok(opened.assets instanceof LazyMap)
    assert.equal(opened.assets.size, manifest.assets.size)
    assert.deepEqual(outcome(openManifest, text), outcome(parseManifest, text))
  }
})

test('opening a manifest makes no asset, asking for one makes that one, once', () => {
  const text = textOf(manifestOf({ 'a.css': PLAIN, 'b.js': FULL, 'c.css': PLAIN }))
  let parsed = 0
  const { parse } = JSON
  JSON.parse = (...words) => {
    parsed++
    return parse(...words)
  }
  try {
    const { assets } = openManifest(text, 'm')
    assert.equal(parsed, 1, 'the frame')
    assert.ok(assets.has('b.js') && !assets.has('d'))
    assert.deepEqual(assets.get('b.js'), FULL)
    assert.equal(assets.get('b.js'), assets.get('b.js'))
    assert.equal(assets.get('d'), undefined)
    assert.equal(parsed, 2)
  } finally {
    JSON.parse = parse
  }
})

test('a manifest laid out by somebody else, or with names that JSON escapes, is read as well', () => {
  const escaped = textOf(manifestOf({ 'a"b.css': PLAIN, 'c.css': FULL }))
  const compact = JSON.stringify(JSON.parse(textOf(manifestOf({ 'a.css': FULL }))))
  const ordered = textOf(manifestOf({ 'a.css': PLAIN, 'c.css': PLAIN, 'd.css': FULL }))
  const outOfOrder = ordered.replace('"a.css"', '"e.css"')
  const twice = ordered.replace('"a.css"', '"c.css"')
  const encodings = ordered.replace('"br"', '"x"').replace('"gzip"', '"br"').replace('"x"', '"gzip"')
  for (const text of [escaped, compact, textOf(manifestOf({})), outOfOrder, twice, encodings]) {
    assert.ok(openManifest(text, 'm').assets instanceof Map)
    assert.deepEqual(outcome(openManifest, text), outcome(parseManifest, text))
  }
})

test('any damage at all is found at once, and called what the reader of JSON calls it', () => {
  const text = textOf(manifestOf({ 'a.css': PLAIN, 'b/c.js': FULL, 'd.css': PLAIN }, { x: 'b/c.js' }))
  const random = createRandom(8)
  const pieces = [
    '',
    '"',
    '\\',
    ',',
    '{',
    '}',
    '\n',
    '/',
    '..',
    '0',
    '-',
    '\0',
    '"size":1,',
    ' "assets": {\n',
  ]
  for (let round = 0; round < 5000; round++) {
    const at = random.below(text.length)
    const piece = pieces[random.below(pieces.length)] ?? ''
    const harmed = text.slice(0, at) + piece + text.slice(at + random.below(3))
    assert.deepEqual(outcome(openManifest, harmed), outcome(parseManifest, harmed), harmed)
  }
  for (let cut = 0; cut < text.length; cut += 3)
    assert.deepEqual(outcome(openManifest, text.slice(0, cut)), outcome(parseManifest, text.slice(0, cut)))
})

test('the scopes of an import map are kept, also by servers', () => {
  const importMapScopes = new Map([['npm/b@1.0.0/', new Map([['a', 'npm/a@1.0.0/i.js']])]])
  const manifest: Manifest = { ...manifestOf({ 'a.js': PLAIN }, { a: 'a.js' }), importMapScopes }
  for (const read of [parseManifest, openManifest]) {
    assert.deepEqual(read(textOf(manifest), 'm').importMapScopes, importMapScopes)
    assert.equal(textOf(read(textOf(manifest), 'm')), textOf(manifest))
  }
  const damaged = textOf(manifest).replace('"npm/a@1.0.0/i.js"', '1')
  assert.throws(() => parseManifest(damaged, 'm'), {
    code: 'FP_MANIFEST',
    message: /npm\/b@1\.0\.0\/: a is 1/,
  })
})
