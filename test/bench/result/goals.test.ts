import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GOALS } from '../../../bench/result/goal-list.ts'
import { type Goal, judgeGoals } from '../../../bench/result/goals.ts'
import type { Measurement } from '../../../bench/result/measurement.ts'

const goal: Goal = {
  ...{ subject: 'serve', profile: '1 KB,', metric: 'requests/s', ours: 'fingerpost', theirs: 'bare' },
  ...{ kind: 'ratio', bound: 'at least', value: 0.95, unit: '×' },
} as Goal

const measured = (contestant: string, samples: readonly number[], profile = '1 KB, Node 20') =>
  ({
    ...{ subject: 'serve', profile, contestant, runtime: 'Node', metric: 'requests/s', unit: '1/s' },
    ...{ better: 'more', samples },
  }) as Measurement

test('a ratio is judged by the median of the rounds', () => {
  const results = judgeGoals(
    [measured('fingerpost', [96, 90, 99]), measured('bare', [100, 100, 100])],
    [goal],
  )
  assert.deepEqual(
    results.map(({ measured, rounds, met }) => ({ measured, rounds, met })),
    [{ measured: 0.96, rounds: 3, met: true }],
  )
})

test('a goal is judged under every Node it was measured on', () => {
  const results = judgeGoals(
    [
      measured('fingerpost', [90]),
      measured('bare', [100]),
      measured('fingerpost', [100], '1 KB, Node 26'),
      measured('bare', [100], '1 KB, Node 26'),
    ],
    [goal],
  )
  assert.deepEqual(
    results.map(({ met }) => met),
    [false, true],
  )
})

test('a goal that nobody measured, or whose peer is missing, is left out', () => {
  assert.deepEqual(judgeGoals([], [goal]), [])
  assert.deepEqual(judgeGoals([measured('fingerpost', [100])], [goal]), [])
})

test('differences and plain figures are judged too', () => {
  const more: Goal = { ...goal, kind: 'difference', bound: 'at most', value: 10 }
  const plain: Goal = { ...goal, kind: 'value', theirs: undefined, bound: 'at most', value: 99 }
  const all = [measured('fingerpost', [100]), measured('bare', [95])]
  assert.deepEqual(
    judgeGoals(all, [more, plain]).map(({ measured, met }) => [measured, met]),
    [
      [5, true],
      [100, false],
    ],
  )
})

test('no two goals are the same', () => {
  const names = GOALS.map(({ profile, metric, theirs }) => `${profile} ${metric} ${theirs}`)
  assert.equal(new Set(names).size, names.length)
})
