import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pairedDifferences, pairedRatios } from '../../../bench/measure/pairs.ts'

test('a ratio compares samples of the same round', () => {
  assert.deepEqual(pairedRatios([10, 40], [5, 10]), [2, 4])
})

test('rounds in which either side failed are left out', () => {
  assert.deepEqual(pairedRatios([10, null, 30], [5, 10, null]), [2])
  assert.deepEqual(pairedRatios([10, 20], [5]), [2])
  assert.deepEqual(pairedDifferences([10, null, 30], [5, 10, 10]), [5, 20])
})

test('a round with nothing to divide by is left out', () => {
  assert.deepEqual(pairedRatios([10, 20], [0, 10]), [2])
})

test('a machine that slows down halfway changes no ratio', () => {
  const ours = [100, 98, 51, 50]
  const theirs = [50, 49, 25.5, 25]
  assert.deepEqual(pairedRatios(ours, theirs), [2, 2, 2, 2])
})
