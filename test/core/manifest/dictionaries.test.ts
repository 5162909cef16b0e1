import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chooseMinBytes,
  type Dictionaries,
  deltaOwner,
  deltaPath,
  formatDictionaries,
  isDictionary,
  lastingParts,
  parseDictionaries,
} from '../../../src/core/manifest/dictionaries.ts'
import type { ManifestAsset } from '../../../src/core/manifest/manifest.ts'

const FROM = '0123456789abcdef'
const SHA = `${'A'.repeat(43)}=`
const FULL: Dictionaries = {
  minBytes: 2048,
  deltas: [
    {
      file: `a.${FROM}.js`,
      to: 'e',
      from: FROM,
      dictionary: SHA,
      encodings: { dcb: { size: 9, etag: 'e' } },
    },
    {
      ...{ file: `b.${FROM}.js`, to: 'e', from: FROM, dictionary: SHA },
      encodings: { dcb: { size: 9, etag: 'e' }, dcz: { size: 8, etag: 'f' } },
    },
  ],
}

test('what is formatted is parsed, and stands on a line per delta', () => {
  for (const each of [FULL, { ...FULL, deltas: [] }])
    assert.deepEqual(parseDictionaries(formatDictionaries(each), 'test'), each)
  assert.equal(formatDictionaries(FULL).split('\n').length, 4 + 2 + 3)
})

const text = formatDictionaries(FULL)
const DAMAGES: Readonly<Record<string, string>> = {
  'half of it': text.slice(0, 90),
  'another version': text.replace('"version": 1', '"version": 2'),
  'no list': text.replace('[', '{ "a": [').replace(/]\n}\n$/, ']}\n}\n'),
  'a path for a digest': text.replace(`"from":"${FROM}"`, '"from":"../../0123456789"'),
  'a file elsewhere': text.replace('"file":"b.', '"file":"../b.'),
  'a header for a digest': text.replace(SHA, 'A\\r\\nX: y'),
  'an ETag that cannot be sent': text.replace('"etag":"f"', '"etag":"f\\r\\nX: y"'),
  'an ETag that is no text': text.replace('"etag":"f"', '"etag":"\u00e9\u2028"'),
  'a size below zero': text.replace('"size":9', '"size":-9'),
}
for (const [damage, damaged] of Object.entries(DAMAGES)) {
  test(`${damage} is refused`, () => {
    assert.throws(() => parseDictionaries(damaged, 'test'), {
      code: 'FP_MANIFEST',
      message: /test can't be used/,
    })
  })
}

test('the file of a delta is found from its name', () => {
  const file = `css/a.${FROM}.css`
  assert.equal(deltaOwner(deltaPath({ file, from: FROM }, 'dcb')), file)
  assert.equal(deltaOwner(deltaPath({ file, from: FROM }, 'dcz')), file)
  for (const other of [file, `${file}.br`, `${file}.dcb`, `.${FROM}.dcb`])
    assert.equal(deltaOwner(other), undefined)
})

const NAMES: readonly (readonly [path: string, file: string, ...parts: readonly string[]])[] = [
  ['css/site.css', `css/site.${FROM}.css`, 'css/site.', '.css'],
  ['app.js.map', `app.${FROM}.js.map`, 'app.', '.js.map'],
  ['LICENSE', `LICENSE.${FROM}`, 'LICENSE.', ''],
  ['assets/index-B1xyAbCd.js', 'assets/index-B1xyAbCd.js', 'assets/index-', '.js'],
  ['index-AB-d_fgh.js', 'index-AB-d_fgh.js', 'index-', '.js'],
  ['my-part-B1xyAbCd.min.js', 'my-part-B1xyAbCd.min.js', 'my-part-', '.min.js'],
  ['chunk.0f3a9c21d4.css', 'chunk.0f3a9c21d4.css', 'chunk.', '.css'],
  ['npm/lit@3.3.0/a.js', `npm/lit@3.3.0/a.${FROM}.js`, 'npm/lit@', '/a.', '.js'],
  ['npm/@x/y@1.0.0-a.1/b/c.js', `npm/@x/y@1.0.0-a.1/b/c.${FROM}.js`, 'npm/@x/y@', '/b/c.', '.js'],
  ['plain.js', 'plain.js'],
  ['a:b.js', `a:b.${FROM}.js`],
]
for (const [path, file, ...parts] of NAMES) {
  test(`the hash in ${file} is ${parts.length === 0 ? 'not found' : 'found'}`, () => {
    assert.deepEqual(lastingParts(path, file), parts.length === 0 ? undefined : parts)
  })
}

const assetOf = (
  name: string,
  size: number,
  encodings: ManifestAsset['encodings'] = { br: { size: 1, etag: 'e' } },
) => {
  const asset = { type: 't', size, etag: FROM, integrity: 'i', encodings, references: [] }
  return [`${name}.js`, { ...asset, file: `${name}.${FROM}.js` }] as const
}

test('a dictionary has a size within the limits and an encoding', () => {
  const fits = (size: number, encodings?: ManifestAsset['encodings']) =>
    isDictionary(...assetOf('a', size, encodings), 1024)
  assert.deepEqual(
    [fits(1023), fits(1024), fits(50 * 1024 * 1024), fits(50 * 1024 * 1024 + 1)],
    [false, true, true, false],
  )
  assert.equal(fits(2000, {}), false)
})

test('so many of the largest files are dictionaries, and never more', () => {
  const assets = new Map([
    assetOf('a', 5000),
    assetOf('b', 4000),
    assetOf('c', 4000),
    assetOf('d', 3000),
    assetOf('e', 9e9),
  ])
  const choose = (maxFiles: number) => chooseMinBytes(assets, { minBytes: 1024, maxFiles })
  assert.deepEqual([choose(4), choose(3), choose(2), choose(1), choose(0)], [1024, 3001, 4001, 4001, 5001])
})
