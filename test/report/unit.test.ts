import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, formatCount, formatMilliseconds, formatNumberOf } from '../../src/report/unit.ts'

test('bytes never show 1000 of a unit', () => {
  const expected = {
    0: '0 B',
    999: '999 B',
    1000: '1.0 kB',
    1500: '1.5 kB',
    999949: '999.9 kB',
    999951: '1.0 MB',
  }
  for (const [bytes, text] of Object.entries(expected)) assert.equal(formatBytes(Number(bytes)), text)
  assert.equal(formatBytes(2.5e12), '2.5 TB')
  assert.equal(formatBytes(2.5e15), '2500.0 TB')
})

test('counts have their thousands set apart, and nouns their number', () => {
  assert.equal(formatCount(0), '0')
  assert.equal(formatCount(1234567), '1,234,567')
  assert.equal(formatNumberOf(1, 'file'), '1 file')
  assert.equal(formatNumberOf(1000, 'file'), '1,000 files')
})

test('durations are told in the unit that fits', () => {
  const expected = {
    4.4: '4 ms',
    999: '999 ms',
    1000: '1.0 s',
    59940: '59.9 s',
    59960: '1 min 00 s',
    185000: '3 min 05 s',
  }
  for (const [milliseconds, text] of Object.entries(expected)) {
    assert.equal(formatMilliseconds(Number(milliseconds)), text)
  }
})
