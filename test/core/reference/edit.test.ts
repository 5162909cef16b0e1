import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { insertInto } from '../../../src/core/reference/edit.ts'

test('insertions stand where they were asked for, in any order', () => {
  const insertions = [
    { at: 3, text: 'C' },
    { at: 0, text: 'A' },
    { at: 1, text: 'B' },
  ]
  assert.equal(insertInto('xyz', insertions), 'AxByzC')
})

test('removing what was inserted gives the text again', () => {
  const insertion = fc.record({ at: fc.nat(20), text: fc.constantFrom('\u0001', '\u0002\u0002') })
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{20,40}$/), fc.array(insertion), (text, insertions) => {
      const result = insertInto(text, insertions)
      assert.equal(result.replaceAll('\u0001', '').replaceAll('\u0002', ''), text)
      assert.equal(result.length, text.length + insertions.reduce((sum, { text }) => sum + text.length, 0))
    }),
  )
})
