import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDisposition } from '../../../src/media/content/presentation.ts'

const CASES: readonly (readonly [why: string, name: string | undefined, value: string])[] = [
  ['without a name there is only the type', undefined, 'attachment'],
  ['a plain name is a token', 'cat.png', 'attachment; filename=cat.png'],
  ['blanks need quotes', 'my cat.png', 'attachment; filename="my cat.png"'],
  ['Unicode is sent twice', '€.txt', `attachment; filename="?.txt"; filename*=UTF-8''%E2%82%AC.txt`],
  ['a quote can not end the value', 'a".html', `attachment; filename=a_.html; filename*=UTF-8''a%22.html`],
  ['a backslash escapes nothing', 'a\\', `attachment; filename=a_; filename*=UTF-8''a%5C`],
  ['a percent sign is not decoded twice', 'a%20b', `attachment; filename=a_20b; filename*=UTF-8''a%2520b`],
  [
    'a line end starts no header',
    'a\r\nX: y',
    `attachment; filename="a??X: y"; filename*=UTF-8''a%0D%0AX%3A%20y`,
  ],
]

for (const [why, name, value] of CASES) {
  test(`Content-Disposition: ${why}`, () => assert.equal(formatDisposition('attachment', name), value))
}

test('every name makes a value that is one line of printable ASCII and reads back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
      const value = formatDisposition('inline', name)
      assert.match(
        value,
        /^inline; filename=(?:"[^"\\]*"|[\w!#$&'+\-.^`|~*]+)(?:; filename\*=UTF-8''[\w!#$&+\-.^`|~%]*)?$/,
      )
      assert.match(value, /^[\x20-\x7e]*$/)
      const extended = /filename\*=UTF-8''(.*)$/.exec(value)?.[1]
      if (extended !== undefined) assert.equal(decodeURIComponent(extended), name)
    }),
  )
})
