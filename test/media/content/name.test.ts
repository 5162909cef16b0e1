import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSafeKey, safeName, withSuffix } from '../../../src/media/content/name.ts'

const NAMES: readonly (readonly [why: string, given: string, safe: string])[] = [
  ['a plain name stays', 'cat.png', 'cat.png'],
  ['Unicode stays', 'Grüße 日本 🐈.png', 'Grüße 日本 🐈.png'],
  ['decomposed letters are composed (NFC)', 'Gru\u0308n.txt', 'Grün.txt'],
  ['folders are dropped', '../../etc/passwd', 'passwd'],
  ['backslash folders are dropped', 'C:\\fakepath\\cat.png', 'cat.png'],
  ['NUL is dropped', 'cat.php\0.png', 'cat.php.png'],
  ['line ends are dropped', 'a\r\nSet-Cookie: x=1.png', 'aSet-Cookie_ x=1.png'],
  ['a direction override is dropped', 'photo\u202Egpj.exe', 'photogpj.exe'],
  ['isolates and marks are dropped', '\u2066a\u2069\u200Fb.txt', 'ab.txt'],
  ['zero-width characters are dropped', 'a\u200B\uFEFFb.txt', 'ab.txt'],
  ['leading dots are dropped', '.htaccess', 'htaccess'],
  ['trailing dots and blanks are dropped', 'cat.php. . ', 'cat.php'],
  ['a Windows device is defused', 'con.txt', '_con.txt'],
  ['a device without extension too', 'LPT1', '_LPT1'],
  ['what only begins like a device stays', 'console.log', 'console.log'],
  ['characters Windows forbids become underscores', 'a<b>:"c|?*.txt', 'a_b___c___.txt'],
  ['a stream of NTFS is defused', 'cat.png::$DATA', 'cat.png__$DATA'],
  [
    'joiners that letters and emoji need stay',
    'می\u200Cخواهم 👩\u200D👩.png',
    'می\u200Cخواهم 👩\u200D👩.png',
  ],
  ['a lone surrogate is replaced', 'a\uD800.txt', 'a\uFFFD.txt'],
  ['nothing left becomes a name', '..', 'file'],
  ['nothing given becomes a name', '', 'file'],
]

for (const [why, given, safe] of NAMES) {
  test(`names: ${why}`, () => assert.equal(safeName(given), safe))
}

test('a long name is cut at a whole character, its extension kept', () => {
  const name = safeName(`${'ü'.repeat(300)}.jpeg`)
  assert.equal(Buffer.byteLength(name), 255)
  assert.match(name, /^ü+\.jpeg$/)
})

test('whatever a visitor sends, the name is safe, and making it safe again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const name = safeName(text)
      assert.ok(Buffer.byteLength(name) >= 1 && Buffer.byteLength(name) <= 255)
      assert.equal(safeName(name), name)
      assert.ok(isSafeKey(name))
    }),
  )
})

test('a suffix goes before the extension and the name stays within the limit', () => {
  assert.equal(withSuffix('a/b/cat.png', '_1'), 'a/b/cat_1.png')
  assert.equal(withSuffix('a.b/LICENSE', '_1'), 'a.b/LICENSE_1')
  const long = withSuffix(safeName(`${'x'.repeat(300)}.png`), '_abcdefg')
  assert.equal(long.length, 255)
  assert.match(long, /x_abcdefg\.png$/)
})

test('a key is safe only if each of its segments is', () => {
  assert.ok(isSafeKey('avatars/2026/cat.png'))
  for (const key of ['../a', '/a', 'a//b', 'a/./b', 'a/.b', 'a/b.', 'a\\b', 'a/con', 'a/b\n', '', 'a/'])
    assert.ok(!isSafeKey(key), key)
  assert.ok(!isSafeKey(Array.from({ length: 20 }, () => 'x'.repeat(50)).join('/')))
})
