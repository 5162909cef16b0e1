import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatManifest } from '../../../src/core/manifest/format.ts'
import { type Manifest, type ManifestAsset, parseManifest } from '../../../src/core/manifest/manifest.ts'

const textOf = (manifest: Manifest) => formatManifest(manifest).toString()

const asset = (file: string): ManifestAsset => ({
  file,
  type: 'text/css; charset=utf-8',
  size: 4711,
  etag: '00112233445566ff',
  integrity: 'sha384-x',
  encodings: { gzip: { size: 934, etag: 'b' }, br: { size: 812, etag: 'a' } },
  references: [{ path: 'img/x.png', kind: 'css-url' }],
})

const manifest = (paths: readonly string[]): Manifest => ({
  version: 1,
  url: '/static/',
  digest: '8c1d',
  assets: new Map(paths.map((path) => [path, asset(`${path}.1`)])),
})

const text = (change: (json: Record<string, unknown>) => void): string => {
  const json = JSON.parse(textOf(manifest(['a.css']))) as Record<string, unknown>
  change(json)
  return JSON.stringify(json)
}

test('reading undoes writing', () => {
  const written = textOf(manifest(['a.css', 'b.css']))
  assert.deepEqual(parseManifest(written, 'm'), manifest(['a.css', 'b.css']))
})

test('a manifest of any length reads back', () => {
  for (const count of [0, 1, 999, 1000, 1001, 2500]) {
    const long = manifest(Array.from({ length: count }, (_, index) => `é/${10_000 + index}.css`))
    assert.deepEqual(parseManifest(textOf(long), 'm'), long)
  }
})

test('the order in which assets came leaves no trace', () => {
  assert.equal(textOf(manifest(['b', 'a', 'C'])), textOf(manifest(['a', 'C', 'b'])))
  assert.deepEqual(Object.keys(JSON.parse(textOf(manifest(['b', 'a', 'C']))).assets), ['C', 'a', 'b'])
})

test('names that objects treat specially are names like any other', () => {
  const special = manifest(['__proto__', 'constructor', '1', 'z', '0'])
  const names = [...parseManifest(textOf(special), 'm').assets.keys()]
  assert.deepEqual(names.sort(), ['0', '1', '__proto__', 'constructor', 'z'])
})

test('names are sorted in the text, numbers among them', () => {
  const text = textOf(manifest(['a', '9', '10', 'B']))
  const names = [...text.matchAll(/^ {2}"(.*?)":/gm)].map((match) => match[1])
  assert.deepEqual(names, ['10', '9', 'B', 'a'])
})

test('fields and encodings of later versions are ignored', () => {
  const later = text((json) => {
    json['later'] = true
    const assets = json['assets'] as Record<string, Record<string, Record<string, unknown>>>
    const encodings = assets['a.css']?.['encodings']
    if (encodings !== undefined) encodings['dcz'] = { size: 1, etag: 'q', more: 1 }
  })
  assert.deepEqual(parseManifest(later, 'm'), manifest(['a.css']))
})

test('damage is named, with what to do', () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ['', /out\/manifest\.json can't be used: it is not JSON/],
    ['{"version":1', /not JSON, or only part of it/],
    ['[]', /the manifest is not an object/],
    ['{"version":2}', /its version is 2, this release reads 1/],
    [text((json) => delete json['digest']), /digest is undefined/],
    [text((json) => Object.assign(json, { assets: { '../x': {} } })), /assets has the name "\.\.\/x"/],
    [text((json) => Object.assign(json, { assets: { x: { file: 'x.1', size: -1 } } })), /x: size is -1/],
    [
      text((json) => Object.assign(json, { assets: { x: { size: 1, etag: 'e', file: '/etc/passwd' } } })),
      /x: file is/,
    ],
  ]
  for (const [damaged, message] of rows) {
    assert.throws(() => parseManifest(damaged, 'out/manifest.json'), { code: 'FP_MANIFEST', message })
    assert.throws(() => parseManifest(damaged, 'out/manifest.json'), /fingerpost build/)
  }
})
