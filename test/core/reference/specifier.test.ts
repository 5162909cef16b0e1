import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodePath } from '../../../src/core/path.ts'
import { parsePublicUrl } from '../../../src/core/public-url.ts'
import { followSpecifier } from '../../../src/core/reference/specifier.ts'

const STATIC = parsePublicUrl('/static/')
const CDN = parsePublicUrl('https://cdn.example/s/')

const follow = (specifier: string, from = 'css/site.css', url = STATIC) => {
  const destination = followSpecifier('css-url', specifier, from, url)
  return destination.kind === 'external' ? 'external' : `${destination.kind} ${destination.path}`
}

test('relative specifiers are followed from the folder of their file', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['x.png', 'inside css/x.png'],
    ['./x.png', 'inside css/x.png'],
    ['../img/x.png', 'inside img/x.png'],
    ['..//img///x.png', 'inside img/x.png'],
    ['.\\..\\img\\x.png', 'inside img/x.png'],
    [' x.png ', 'inside css/x.png'],
    ['a\nb.png', 'inside css/ab.png'],
    ['%2e%2E/x.png', 'inside x.png'],
    ['my%20font.woff', 'inside css/my font.woff'],
    ['100%.png', 'inside css/100%.png'],
    ['%2541.png', 'inside css/%41.png'],
    ['../../x.png', 'outside ../x.png'],
    ['../../../a/x.png', 'outside ../../a/x.png'],
  ]
  for (const [specifier, expected] of rows) assert.equal(follow(specifier), expected, specifier)
})

test('other schemes, hosts and parts of the host are external', () => {
  const externals = [
    'https://x/y',
    'HTTP:x',
    'data:,x',
    'DATA:image/png',
    'blob:x',
    'about:blank',
    'chrome:x',
    '//host/x',
  ]
  for (const specifier of [
    ...externals,
    '\\\\host\\x',
    '/elsewhere/x.png',
    '/',
    '/static/',
    '/static',
    '/staticfoo/x',
  ]) {
    assert.equal(follow(specifier), 'external', specifier)
  }
})

test('the known public prefixes lead inside', () => {
  assert.equal(follow('/static/img/x.png'), 'inside img/x.png')
  assert.equal(follow('/static/../static/x.png'), 'inside x.png')
  assert.equal(follow('/static/../x.png'), 'external')
  assert.equal(follow('https://cdn.example/s/x.png', 'a.css', CDN), 'inside x.png')
  assert.equal(follow('HTTPS://CDN.example/s/x.png', 'a.css', CDN), 'inside x.png')
  assert.equal(follow('//cdn.example/s/x.png', 'a.css', CDN), 'inside x.png')
  assert.equal(follow('/s/x.png', 'a.css', CDN), 'inside x.png')
  assert.equal(follow('https://cdn.example/other/x.png', 'a.css', CDN), 'external')
  assert.equal(follow('https://cdn.example.evil/s/x.png', 'a.css', CDN), 'external')
  assert.equal(follow('https://elsewhere.example/s/x.png', 'a.css', CDN), 'external')
  assert.equal(follow('/x.png', 'a.css', parsePublicUrl('/')), 'inside x.png')
})

test('a bare module specifier belongs to the import map', () => {
  for (const kind of ['js-import', 'js-dynamic-import', 'js-resolve'] as const) {
    assert.equal(followSpecifier(kind, 'lodash', 'js/a.js', STATIC).kind, 'external')
    assert.equal(followSpecifier(kind, './a.js', 'js/a.js', STATIC).kind, 'inside')
  }
  assert.equal(followSpecifier('js-url', 'worker.js', 'js/a.js', STATIC).kind, 'inside')
})

test('any name at all is found by its encoded form', () => {
  const segment = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => !/^\.{1,2}$|[/\0]/.test(text))
  fc.assert(
    fc.property(segment, (name) => {
      assert.deepEqual(followSpecifier('css-url', `./${encodePath(name)}`, 'a/b.css', STATIC), {
        kind: 'inside',
        path: `a/${name}`,
      })
    }),
  )
})
