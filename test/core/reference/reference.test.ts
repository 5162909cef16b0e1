import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReference } from '../../../src/core/reference/reference.ts'
import { insertInto } from '../../../src/core/reference/text.ts'

const plain = (text: string) => createReference('css-url', { text, start: 10, end: 10 + text.length })

test('a reference is specifier, suffix and the place for a digest', () => {
  assert.deepEqual(plain('img/x.png?v=1#a'), {
    kind: 'css-url',
    start: 10,
    end: 25,
    specifier: 'img/x.png',
    suffix: '?v=1#a',
    digestAt: 15,
  })
})

test('the digest goes where hashed paths have it', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['x.png', 'x_.png'],
    ['a.b/LICENSE', 'a.b/LICENSE_'],
    ['app.js.map', 'app_.js.map'],
    ['font.eot?#iefix', 'font_.eot?#iefix'],
    ['..//a.css', '..//a_.css'],
    ['x%2Epng', 'x_%2Epng'],
    ['x%2ejs%2emap?', 'x_%2ejs%2emap?'],
    ['a.png  ', 'a_.png  '],
    // What browsers pass over is no part of a name, so that a leading dot stays one.
    [' .png', ' .png_'],
    ['a/ .png', 'a/ _.png'],
    ['\n.png', '\n.png_'],
    ['a/\t.png', 'a/\t.png_'],
    ['a\n.png', 'a\n_.png'],
    ['x%2E\tpng', 'x_%2E\tpng'],
    ['a.b\\c', 'a.b\\c_'],
    ['a.b%2Fc.d', 'a.b%2Fc_.d'],
  ]
  for (const [written, expected] of rows) {
    const reference = createReference('css-url', { text: written, start: 0, end: written.length })
    assert.equal(insertInto(written, [{ at: reference?.digestAt ?? -1, text: '_' }]), expected)
  }
})

test('escapes in the source are counted', () => {
  // img\(1\).png spells img(1).png
  const source = 'img\\(1\\).png'
  const offsets = [0, 1, 2, 3, 5, 6, 8, 9, 10, 11]
  const reference = createReference('css-url', { text: 'img(1).png', start: 0, end: source.length, offsets })
  assert.equal(insertInto(source, [{ at: reference?.digestAt ?? -1, text: '_' }]), 'img\\(1\\)_.png')
})

test('a URL that names no file is no reference', () => {
  for (const text of ['', ' ', '#a', '?q', '  #x']) assert.equal(plain(text), undefined)
})

test('no respelling makes a scheme of what comes before a colon', () => {
  assert.deepEqual(plain('g%2Ejs--a:x%2Dy')?.edits, [{ start: 21, end: 24, text: '-' }])
  assert.deepEqual(plain('a/g%2Ejs:x')?.edits, [{ start: 13, end: 16, text: '.' }])
})
