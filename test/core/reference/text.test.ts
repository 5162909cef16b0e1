import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeText, encodeText, insertInto, positionAt } from '../../../src/core/reference/text.ts'

test('any bytes at all survive decoding and encoding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.deepEqual(encodeText(decodeText(bytes)), Buffer.from(bytes))
    }),
  )
})

test('UTF-8 is read as such, its byte order mark kept', () => {
  assert.deepEqual(decodeText(Buffer.from('\uFEFFé')), { text: '\uFEFFé', charset: 'utf-8' })
  assert.deepEqual(decodeText(Buffer.from([0x61, 0xe9])), { text: 'aé', charset: 'latin1' })
})

test('a view into a larger buffer is decoded alone', () => {
  assert.equal(decodeText(new Uint8Array(Buffer.from('xxabcxx')).subarray(2, 5)).text, 'abc')
})

test('a byte order mark takes no column', () => {
  assert.deepEqual(positionAt('\uFEFFab', 3), { line: 1, column: 3 })
  assert.deepEqual(positionAt('\uFEFFab', 0), { line: 1, column: 1 })
  assert.deepEqual(positionAt('\uFEFFa\nb', 4), { line: 2, column: 2 })
})

test('positions count lines and columns from 1, whatever ends the lines', () => {
  const text = 'ab\ncd\r\nef\rgh\fi'
  const rows: readonly (readonly [number, number, number])[] = [
    [0, 1, 1],
    [2, 1, 3],
    [3, 2, 1],
    [7, 3, 1],
    [10, 4, 1],
    [13, 5, 1],
    [14, 5, 2],
  ]
  for (const [offset, line, column] of rows) assert.deepEqual(positionAt(text, offset), { line, column })
})

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
