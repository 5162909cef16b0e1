import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatContentRange, lengthOf, parseRange } from '../../src/http/range.ts'

/** A representation of 10,000 bytes, as in the examples of RFC 9110 §14.1.2. Ranges are written first-last. */
const TABLE: readonly (readonly [header: string, answer: string])[] = [
  ['bytes=0-499', '0-499'],
  ['bytes=500-999', '500-999'],
  ['bytes=-500', '9500-9999'],
  ['bytes=9500-', '9500-9999'],
  ['bytes=0-0', '0-0'],
  ['bytes=9999-9999', '9999-9999'],
  ['bytes=0-', '0-9999'],
  ['bytes=0-9999', '0-9999'],
  ['bytes=0-99999', '0-9999'],
  ['bytes=9999-99999999', '9999-9999'],
  ['bytes=-1', '9999-9999'],
  ['bytes=-10000', '0-9999'],
  ['bytes=-10001', '0-9999'],
  ['bytes=-99999999999999999999999', '0-9999'],
  ['BYTES=0-1', '0-1'],
  [' bytes=0-1 ', '0-1'],
  ['bytes= 0-1', '0-1'],
  ['bytes=,0-1,', '0-1'],
  ['bytes=0-0,-1', '0-0 9999-9999'],
  ['bytes= 0-999, 4500-5499, -1000', '0-999 4500-5499 9000-9999'],
  ['bytes=500-600,601-999', '500-600 601-999'],
  ['bytes=9000-9099,0-99', '9000-9099 0-99'],
  ['bytes=0-1,20000-', '0-1'],
  ['bytes=500-700,601-999', 'whole'],
  ['bytes=0-5000,5001-9999', 'whole'],
  ['bytes=0-,0-', 'whole'],
  ['bytes=10000-', 'unsatisfiable'],
  ['bytes=10000-10001', 'unsatisfiable'],
  ['bytes=999999999999999-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=20000-,30000-', 'unsatisfiable'],
  ['bytes=-0,-0', 'unsatisfiable'],
  ['bytes=5-2', 'whole'],
  ['bytes=5-2,0-1', 'whole'],
  ['bytes=', 'whole'],
  ['bytes=,', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=a-b', 'whole'],
  ['bytes=0-1-2', 'whole'],
  ['bytes=0 - 1', 'whole'],
  ['bytes=0x0-0x1', 'whole'],
  ['bytes=1.5-2', 'whole'],
  ['bytes=+1-2', 'whole'],
  ['bytes=--1', 'whole'],
  ['bytes=9999999999999999999-', 'unsatisfiable'],
  ['bytes 0-1', 'whole'],
  ['bytes', 'whole'],
  ['', 'whole'],
  ['items=0-1', 'whole'],
  [`bytes=${'0-0,'.repeat(1000)}0-0`, 'whole'],
  [`bytes=${Array.from({ length: 17 }, (_, n) => `${n * 10}-${n * 10}`).join()}`, 'whole'],
]

const show = (header: string, size: number): string => {
  const request = parseRange(header, size)
  if (request.kind === 'part') return `${request.range.start}-${request.range.end}`
  if (request.kind === 'parts') return request.ranges.map(({ start, end }) => `${start}-${end}`).join(' ')
  return request.kind
}

for (const [header, answer] of TABLE) {
  test(`Range ${JSON.stringify(header.slice(0, 40))} of 10000 bytes is ${answer}`, () => {
    assert.equal(show(header, 10_000), answer)
  })
}

test('of an empty file a suffix is the whole file, and every other range is unsatisfiable', () => {
  assert.equal(show('bytes=-5', 0), 'whole')
  assert.equal(show('bytes=0-', 0), 'unsatisfiable')
  assert.equal(show('bytes=0-0', 0), 'unsatisfiable')
})

test('Content-Range counts from 0 and includes both ends', () => {
  assert.equal(formatContentRange({ start: 0, end: 499 }, 1234), 'bytes 0-499/1234')
})

test('whatever is asked for, a range lies within the representation', () => {
  const number = fc.oneof(fc.nat(50), fc.constant(''))
  const member = fc.tuple(number, number).map(([first, last]) => `${first}-${last}`)
  fc.assert(
    fc.property(fc.array(member, { maxLength: 5 }), fc.nat(40), (members, size) => {
      const request = parseRange(`bytes=${members.join()}`, size)
      const ranges =
        request.kind === 'part' ? [request.range] : request.kind === 'parts' ? request.ranges : []
      for (const range of ranges) {
        assert.ok(range.start >= 0 && range.start <= range.end && range.end < size)
        assert.ok(lengthOf(range) >= 1)
      }
    }),
  )
})
