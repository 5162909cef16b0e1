import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare } from '../../../bench/result/comparison.ts'
import type { Measurement } from '../../../bench/result/measurement.ts'

const measured = (contestant: string, samples: readonly (number | null)[], more: Partial<Measurement> = {}) =>
  ({
    ...{ subject: 'serve', profile: '1 KB', contestant, runtime: 'Node', metric: 'requests/s', unit: '1/s' },
    ...{ better: 'more', samples, ...more },
  }) as Measurement

test('contestants of one metric and profile stand in one comparison, the best first', () => {
  const [first, second] = compare([
    measured('fingerpost', [20, 40]),
    measured('sirv', [10, 10]),
    measured('bare', [30, 50]),
    measured('sirv', [5], { metric: 'latency', better: 'less' }),
    measured('fingerpost', [4], { metric: 'latency', better: 'less' }),
  ])
  assert.deepEqual(
    first?.rows.map(({ contestant }) => contestant),
    ['bare', 'fingerpost', 'sirv'],
  )
  assert.deepEqual(
    second?.rows.map(({ contestant }) => contestant),
    ['fingerpost', 'sirv'],
  )
})

test('ratios are fingerpost divided by the other, round by round', () => {
  const [comparison] = compare([measured('fingerpost', [20, 40, 9]), measured('sirv', [10, 10, null])])
  const [ours, sirv] = comparison?.rows ?? []
  assert.equal(ours?.ratio, undefined)
  assert.equal(sirv?.ratio?.median, 3)
  assert.equal(sirv?.ratio?.count, 2)
})

test('a contestant that never succeeded is not shown', () => {
  const [comparison] = compare([measured('fingerpost', [20]), measured('sirv', [null])])
  assert.deepEqual(
    comparison?.rows.map(({ contestant }) => contestant),
    ['fingerpost'],
  )
})
