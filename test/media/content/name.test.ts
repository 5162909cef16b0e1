import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  foldName,
  isReadableKey,
  isSafeKey,
  safeName,
  whyUnreadable,
  withSuffix,
} from '../../../src/media/content/name.ts'
import { runs } from '../../support/fuzz.ts'

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

test('a safe name is not made another one by being made safe again', () => {
  const cases = [
    ['e\u200B\u0301.txt', 'é.txt'],
    ['con .txt', '_con.txt'],
    ['\u00AD.con', '_con'],
    ['a/. \u200E.b', 'b'],
    [`${'x'.repeat(250)}. .jpeg`, `${'x'.repeat(250)}.jpeg`],
  ] as const
  for (const [given, safe] of cases) {
    assert.equal(safeName(given), safe)
    assert.equal(safeName(safe), safe)
  }
})

/** Hostile pieces in every order: what one step removes may have hidden something from another. */
const pieces = fc.constantFrom(
  '.',
  ' ',
  'con',
  'e',
  '\u0301',
  '\u200B',
  '\u00AD',
  ':',
  'x'.repeat(120),
  'ü',
  '_',
  '\0',
)

test('no order of hostile pieces makes a name that changes once it is safe', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const name = safeName(parts.join(''))
      assert.equal(safeName(name), name)
      assert.ok(isSafeKey(withSuffix(name, '_abcdefg')), name)
    }),
    runs(2000),
  )
})

test('a name that save would not give may be read, unless it leads elsewhere', () => {
  for (const key of [
    'cafe\u0301.txt',
    'Report: v1.txt',
    'what?.txt',
    'notes..txt',
    'con.txt',
    'a\u00ADb/c .d',
  ])
    assert.ok(isReadableKey(key, 'linux'), key)
  for (const key of [
    '',
    '/a',
    '../a',
    'a//b',
    '.env',
    'a/.git/x',
    'a\\b',
    'a\nb',
    'a\uFFFDb',
    'x'.repeat(256),
  ])
    assert.ok(!isReadableKey(key, 'linux'), key)
  for (const key of ['a.txt.', 'a.txt::$DATA', 'con', 'a:b', 'private /a'])
    assert.ok(!isReadableKey(key, 'win32'), key)
  assert.match(whyUnreadable('a/.git/x') ?? '', /begins with a dot/)
  assert.equal(whyUnreadable('a/b'), undefined)
})

test('names are folded as disks and clients may take them for each other', () => {
  const same = [
    ['Private/A.txt', 'private/a.TXT'],
    ['Gru\u0308n', 'GRÜN'],
    ['stra\u00DFe', 'STRASSE'],
    ['a%20b', 'a b'],
    ['\u212Aey', 'key'],
  ] as const
  for (const [a, b] of same) assert.equal(foldName(a), foldName(b))
  assert.notEqual(foldName('a'), foldName('ä'))
})

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
