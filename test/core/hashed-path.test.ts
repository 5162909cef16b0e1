import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestIndexOf, formatHashedPath, parseHashedPath } from '../../src/core/hashed-path.ts'

const DIGEST = '3f9a1c0b2d4e5f60'

test('the digest stands before the extension', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['css/site.css', `css/site.${DIGEST}.css`],
    ['app.min.js', `app.min.${DIGEST}.js`],
    ['app.js.map', `app.${DIGEST}.js.map`],
    ['app.min.css.MAP', `app.min.${DIGEST}.css.MAP`],
    ['treasure.map', `treasure.${DIGEST}.map`],
    ['LICENSE', `LICENSE.${DIGEST}`],
    ['.nojekyll', `.nojekyll.${DIGEST}`],
    ['v1.2/LICENSE', `v1.2/LICENSE.${DIGEST}`],
    ['a.', `a.${DIGEST}.`],
    ['a+b/c++.svg', `a+b/c~2B~2B.${DIGEST}.svg`],
    ['x.c++', `x.${DIGEST}.c~2B~2B`],
    ['a~2B~.js', `a~7E2B~7E.${DIGEST}.js`],
  ]
  for (const [path, hashed] of rows) {
    assert.equal(formatHashedPath({ path, digest: DIGEST }), hashed)
    assert.deepEqual(parseHashedPath(hashed), { path, digest: DIGEST })
  }
})

test('a name without a digest in its place is not a hashed path', () => {
  const others = [
    'site.css',
    `site.css.${DIGEST}`,
    `${DIGEST}.css`,
    'site.3F9A1C0B2D4E5F60.css',
    'a.0123456789abcde.js',
    '',
  ]
  for (const name of others) assert.equal(parseHashedPath(name), undefined, name)
})

test('parsing undoes formatting for every name', () => {
  const segment = fc.string({
    unit: fc.constantFrom('a', '.', 'map', 'js', '-', '+', '~', '2B', '7E', DIGEST),
    minLength: 1,
  })
  fc.assert(
    fc.property(segment, segment, (folder, name) => {
      const path = `${folder}/${name}`
      const hashed = formatHashedPath({ path, digest: 'ffffffffffffffff' })
      assert.equal(parseHashedPath(hashed)?.path, path)
    }),
  )
})

test('what is inserted never depends on what the digest is', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const index = digestIndexOf(name)
      assert.ok(index >= 0 && index <= name.length)
    }),
  )
})
