import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { median, medianError, quantile, summarise } from '../../../bench/measure/statistics.ts'

test('the median is the middle sample, or the mean of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
})

test('quantiles are interpolated between neighbours', () => {
  assert.equal(quantile([10, 20, 30, 40, 50], 0.25), 20)
  assert.equal(quantile([10, 20], 0.25), 12.5)
})

test('without samples there is no figure', () => {
  assert.ok(Number.isNaN(median([])))
})

test('quartiles enclose the median, whatever the samples and their order', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1 }), (samples) => {
      const { low, median: middle, high, count } = summarise(samples)
      assert.equal(count, samples.length)
      assert.ok(
        Math.min(...samples) <= low && low <= middle && middle <= high && high <= Math.max(...samples),
      )
    }),
  )
})

test('one wild sample does not move the uncertainty', () => {
  const calm = [100, 101, 99, 100, 102, 98, 100]
  const wild = [100, 101, 99, 100, 102, 98, 9_000]
  assert.ok(medianError(wild) <= 2 * medianError(calm))
})
