import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode, encode, type SourceMapSegment } from '@jridgewell/sourcemap-codec'
import fc from 'fast-check'
import {
  adjustInlineMap,
  adjustSourceMap,
  columnMovesOf,
} from '../../../src/builder/rewrite/adjust-source-map.ts'
import { type Insertion, insertInto, replaceIn } from '../../../src/core/reference/text.ts'

/** A map in which every character of a text leads to itself. */
function identityMap(text: string): string {
  const lines = text.split(/\r\n|[\n\r]/)
  const mappings = lines.map((line, index) =>
    [...line].map((_, column): SourceMapSegment => [column, 0, index, column]),
  )
  return JSON.stringify({
    version: 3,
    file: 'a.js',
    sources: ['a.ts'],
    names: [],
    mappings: encode(mappings),
  })
}

const toReplacement = ({ at, text }: Insertion) => ({ start: at, end: at, text })

/** Checks that each position in a map of `text` is, in the mended map of the longer text, at the same character. */
function assertTrue(
  text: string,
  insertions: readonly Insertion[],
  mappingsOf: (mended: string) => string,
): void {
  const json = identityMap(text)
  const mended = replaceIn(json, adjustSourceMap(json, columnMovesOf(text, insertions.map(toReplacement))))
  const lines = text.split(/\r\n|[\n\r]/)
  const longer = insertInto(text, insertions).split(/\r\n|[\n\r]/)
  decode(mappingsOf(mended)).forEach((segments, line) => {
    assert.equal(segments.length, lines[line]?.length ?? 0)
    for (const [column, , , original = -1] of segments) {
      assert.equal(longer[line]?.[column], lines[line]?.[original])
    }
  })
}

const mappingsOf = (json: string) => JSON.parse(json).mappings as string

describe('columns behind an insertion move', () => {
  test('on its line only', () => {
    const text = 'import "./a.js"; b()\nc()\r\nimport "./d.js"; e()'
    const insertions = [11, 37].map((at) => ({ at, text: '.0123456789abcdef' }))
    assert.equal(insertInto(text, insertions).split('\n')[0], 'import "./a.0123456789abcdef.js"; b()')
    assertTrue(text, insertions, mappingsOf)
  })

  test('for any text and any insertions', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', ';', '\n', '\r'), maxLength: 60 })
    const places = fc.array(fc.tuple(fc.nat(60), fc.constantFrom('.00', '.1111')), { maxLength: 6 })
    fc.assert(
      fc.property(texts, places, (text, found) => {
        const insertions = found.map(([at, inserted]) => ({ at: Math.min(at, text.length), text: inserted }))
        // A line end of two characters is never cut in two by a reference.
        fc.pre(insertions.every(({ at }) => text.slice(at - 1, at + 1) !== '\r\n'))
        assertTrue(text, insertions, mappingsOf)
      }),
    )
  })

  test('lines without an insertion keep their bytes', () => {
    const json = '{"version":3,"mappings":"AAAA,CAAC;;AACD,KAAK;ACFA,CAAC","file" : "a.js"}'
    const mended = replaceIn(json, adjustSourceMap(json, [{ line: 2, column: 3, length: 17 }]))
    assert.equal(mended, '{"version":3,"mappings":"AAAA,CAAC;;AACD,sBAAK;ACFA,CAAC","file" : "a.js"}')
  })

  test('a line whose segments are out of order is put in order', () => {
    const mappings = 'IAAA,FACA;AAAA'
    const json = JSON.stringify({ version: 3, mappings })
    const mended = decode(
      mappingsOf(replaceIn(json, adjustSourceMap(json, [{ line: 0, column: 3, length: 10 }]))),
    )
    assert.deepEqual(mended[0], [
      [2, 0, 1, 0],
      [14, 0, 0, 0],
    ])
    assert.deepEqual(mended[1], decode(mappings)[1])
  })
})

test('the byte order mark is no column', () => {
  const moves = columnMovesOf('\uFEFFab\ncd', [
    { start: 2, end: 2, text: 'x' },
    { start: 5, end: 5, text: 'yz' },
  ])
  assert.deepEqual(moves, [
    { line: 0, column: 1, length: 1 },
    { line: 1, column: 1, length: 2 },
  ])
})

test('in an indexed map sections move and are mended by themselves (ECMA-426 §10)', () => {
  const section = (line: number, column: number, mappings: string) => ({
    offset: { line, column },
    map: { mappings },
  })
  const json = JSON.stringify({
    version: 3,
    sections: [section(0, 0, 'AAAA,KAAK'), section(0, 10, 'AAAA,KAAK;AACA,KAAK'), section(3, 0, 'AAAA')],
  })
  const moves = [
    { line: 0, column: 2, length: 3 },
    { line: 0, column: 12, length: 4 },
    { line: 1, column: 1, length: 5 },
  ]
  const { sections } = JSON.parse(replaceIn(json, adjustSourceMap(json, moves)))
  assert.deepEqual(
    sections.map(({ offset }: { offset: unknown }) => offset),
    [
      { line: 0, column: 0 },
      { line: 0, column: 13 },
      { line: 3, column: 0 },
    ],
  )
  const columns = sections.map(({ map }: { map: { mappings: string } }) =>
    decode(map.mappings).map((line) => line.map(([column]) => column)),
  )
  assert.deepEqual(columns, [
    [[0, 8]],
    [
      [0, 9],
      [0, 10],
    ],
    [[0]],
  ])
})

for (const [name, json] of Object.entries({
  'no JSON': '<html>',
  'no map': '{"a":1}',
  'damaged mappings': '{"mappings":"\\x"}',
  'mappings of another type': '{"mappings":[1]}',
  'the guard line against script inclusion': ')]}\'\n{"version":3,"mappings":"AAAA"}',
})) {
  test(`${name} makes no trouble`, () => {
    adjustSourceMap(json, [{ line: 0, column: 0, length: 1 }])
  })
}

test('a map inside the file is mended in its own encoding', () => {
  const json = JSON.stringify({ version: 3, mappings: 'AAAA,KAAK' })
  const base64 = `data:application/json;charset=utf-8;base64,${Buffer.from(json).toString('base64')}`
  const plain = `data:application/json,${encodeURIComponent(json)}`
  for (const url of [base64, plain]) {
    const text = `a\n//# sourceMappingURL=${url}`
    const span = { start: text.length - url.length, end: text.length }
    const mended = replaceIn(text, adjustInlineMap(text, span, [{ line: 0, column: 1, length: 17 }]))
    const data = mended.slice(mended.indexOf(',') + 1)
    const read = url === base64 ? Buffer.from(data, 'base64').toString() : decodeURIComponent(data)
    assert.deepEqual(JSON.parse(read), { version: 3, mappings: 'AAAA,sBAAK' })
  }
})
