import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AssetLines, namesIn, referencesIn, replaceAssets } from '../../../src/core/manifest/asset-lines.ts'
import { formatAsset, formatManifest } from '../../../src/core/manifest/format.ts'
import { openManifest } from '../../../src/core/manifest/lines.ts'
import type { Manifest, ManifestAsset } from '../../../src/core/manifest/manifest.ts'

const NAME = fc.constantFrom('a', 'b.css', 'é [x], y.js', '10', '9', '__proto__', 'z/ü.svg', '\u{1f600}', 'A')
const VARIANT = fc.record({ size: fc.nat(), etag: fc.constantFrom('0f', '1f') })
const ASSET: fc.Arbitrary<ManifestAsset> = fc.record({
  file: fc.constantFrom('a.00.css', 'b/ü, x.js'),
  type: fc.constantFrom('text/css; charset=utf-8', 'etag'),
  size: fc.nat(),
  etag: fc.constantFrom('0f', '1f'),
  integrity: fc.constant('sha384-a+/='),
  encodings: fc.record({ gzip: VARIANT, br: VARIANT, zstd: VARIANT }, { requiredKeys: [] }),
  references: fc.array(
    fc.record({ path: NAME, kind: fc.constantFrom('css-url' as const, 'js-import' as const) }),
    { maxLength: 3 },
  ),
})
const ASSETS = fc
  .uniqueArray(fc.tuple(NAME, ASSET), { selector: ([name]) => name, minLength: 1 })
  .map((entries) => new Map(entries))

const manifestOf = (assets: Manifest['assets']): Manifest => ({ version: 1, url: '/', digest: 'd', assets })

function open(assets: Manifest['assets']): AssetLines {
  const opened = openManifest(formatManifest(manifestOf(assets)).toString(), 'm').assets
  assert.ok(opened instanceof AssetLines)
  return opened
}

/** Everything that can be asked of assets, whatever keeps them. */
const facts = (assets: Manifest['assets']) => {
  const inOrder = <T>(entries: Iterable<readonly [string, T]>) =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map((entry) => JSON.stringify(entry))
  return {
    bytes: formatManifest(manifestOf(assets)).toString(),
    values: inOrder(Array.from(assets, ([path, asset]) => [path, formatAsset(asset)])),
    names: inOrder(Array.from(namesIn({ assets }), ([path, { file, etag }]) => [path, { file, etag }])),
    references: inOrder(referencesIn({ assets })),
  }
}

test('lines of which some were replaced are what a manifest of the same assets is, to the byte', () => {
  const property = fc.property(ASSETS, fc.array(fc.tuple(NAME, ASSET)), (assets, changes) => {
    const changed = new Map(changes.filter(([path]) => assets.has(path)))
    const halfway = replaceAssets(open(assets), new Map([...changed].slice(0, 1)))
    assert.ok(halfway instanceof AssetLines)
    assert.deepEqual(facts(replaceAssets(halfway, changed)), facts(new Map([...assets, ...changed])))
    assert.deepEqual(facts(replaceAssets(assets, changed)), facts(new Map([...assets, ...changed])))
  })
  fc.assert(property, { numRuns: 500 })
})

test('to replace one asset of a thousand is to lay out one and to read none', () => {
  const plain = { file: 'f', type: 't', size: 1, etag: 'e', integrity: 'i', encodings: {}, references: [] }
  const naming = { ...plain, references: [{ path: 'file-1', kind: 'css-url' as const }] }
  const assets = Array.from({ length: 1000 }, (_, at) => [`file-${at}`, at < 3 ? naming : plain] as const)
  const opened = open(new Map(assets))
  const laidOut: string[] = []
  const { parse } = JSON
  let parsed = 0
  JSON.parse = (...words) => {
    parsed++
    return parse(...words)
  }
  try {
    const replaced = opened.with(new Map([['file-500', naming]]))
    const lines = [...replaced.lines(([path]) => `<${laidOut.push(path)}>`)]
    assert.equal(lines.join('').split('\n').length, 1000)
    assert.equal([...replaced.names()].length, 1000)
    assert.equal(parsed, 0)
    assert.deepEqual(laidOut, ['file-500'])
    assert.equal([...replaced.references()].length, 4)
    assert.equal(parsed, 3, 'only what refers to something')
  } finally {
    JSON.parse = parse
  }
})

test('an asset that is not there has no line to be replaced', () => {
  const asset = { file: 'f', type: 't', size: 1, etag: 'e', integrity: 'i', encodings: {}, references: [] }
  assert.throws(() => open(new Map([['a', asset]])).with(new Map([['b', asset]])), RangeError)
})
