import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  comparePaths,
  decodePath,
  encodePath,
  extensionOf,
  fileNameOf,
  folderOf,
  parseLogicalPath,
} from '../../src/core/path.ts'

test('a logical path is relative, normalised and whole', () => {
  for (const path of ['a', 'css/site.css', '.well-known/security.txt', 'a b/%41#?+.png', '…/ü.css', '...']) {
    assert.equal(parseLogicalPath(path), path)
  }
})

test('anything else is refused with its fault and an example', () => {
  const faults: readonly (readonly [string, RegExp])[] = [
    ['', /it is empty/],
    ['/a.css', /it is absolute/],
    ['a//b', /empty segment/],
    ['a/', /empty segment/],
    ['./a', /segment "\."/],
    ['a/../b', /segment "\.\."/],
    ['a\0b', /NUL/],
  ]
  for (const [path, fault] of faults) {
    assert.throws(() => parseLogicalPath(path), { code: 'FP_PATH', message: fault })
    assert.throws(() => parseLogicalPath(path), /css\/site\.css/)
  }
})

test('a path falls into folder, name and extension', () => {
  const rows: readonly (readonly [string, string, string, string])[] = [
    ['css/site.CSS', 'css/', 'site.CSS', '.css'],
    ['LICENSE', '', 'LICENSE', ''],
    ['.env', '', '.env', ''],
    ['a/.env.local', 'a/', '.env.local', '.local'],
    ['a.b/c', 'a.b/', 'c', ''],
  ]
  for (const [path, folder, name, extension] of rows) {
    assert.deepEqual([folderOf(path), fileNameOf(path), extensionOf(path)], [folder, name, extension])
  }
})

test('an encoded path keeps what a segment may have, and encodes the rest', () => {
  assert.equal(encodePath('@tabler/core/a~b_c.min.css'), '@tabler/core/a~b_c.min.css')
  assert.equal(
    encodePath("+state/(group)/[slug].it's,a;b=c&d:e!$*.js"),
    "+state/(group)/[slug].it's,a;b=c&d:e!$*.js",
  )
  assert.equal(encodePath('50% ?#"<>\\^`{}.png'), '50%25%20%3F%23%22%3C%3E%5C%5E%60%7B%7D.png')
  assert.equal(encodePath('ü/€.png'), '%C3%BC/%E2%82%AC.png')
})

test('a browser makes the same URL of the name and of the encoded name', () => {
  const browser = (text: string) => new URL(`https://site.test/${text}`).pathname
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zé€ !"$&'()*+,\-./:;<=>@[\]_`{|}~]{0,20}x$/u), (name) => {
      const path = name.replace(/(?<=^|\/)\.*(?=\/|$)/g, 'y')
      assert.equal(browser(path), `/${encodePath(path)}`)
      assert.equal(browser(encodePath(path)), `/${encodePath(path)}`)
    }),
  )
})

test('decoding undoes encoding for every name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (path) => {
      const encoded = encodePath(path)
      assert.match(encoded, /^[\w\-./~!$&'()*+,:;=@[\]|%]*$/)
      assert.equal(decodePath(encoded), path)
    }),
  )
})

test('a percent sign that starts nothing stands for itself', () => {
  assert.equal(decodePath('100%.png'), '100%.png')
  assert.equal(decodePath('%41%zz%C3%BC%'), 'A%zzü%')
  assert.equal(decodePath('%C3.png'), '%C3.png')
})

test('order goes by code unit, whatever the locale', () => {
  assert.deepEqual(['ä', 'b', 'B', 'a', 'Z', 'a/b', 'a.b'].sort(comparePaths), [
    'B',
    'Z',
    'a',
    'a.b',
    'a/b',
    'b',
    'ä',
  ])
})
