import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Goal } from '../../../bench/result/goal.ts'
import { GOALS } from '../../../bench/result/goal-list.ts'
import { judgeGoals } from '../../../bench/result/goals.ts'
import type { Measurement, StageResult } from '../../../bench/result/measurement.ts'

const goal: Goal = {
  ...{ subject: 'serve', profile: '1 KB,', metric: 'requests/s', ours: 'fingerpost', theirs: 'bare' },
  ...{ second: undefined, kind: 'ratio', bound: 'at least', value: 0.95, unit: '×' },
} as Goal

const measured = (contestant: string, samples: readonly number[], profile = '1 KB, Node 20') =>
  ({
    ...{ subject: 'serve', profile, contestant, runtime: 'Node', metric: 'requests/s', unit: '1/s' },
    ...{ better: 'more', samples },
  }) as Measurement

const stage = (measurements: readonly Measurement[], others: number | null = 0.01): StageResult => ({
  ...{ subject: 'serve', stage: '', startedAt: '', finishedAt: '', load: [0, 0], others, notes: [] },
  measurements,
})

test('a ratio is judged by the median of the rounds', () => {
  const results = judgeGoals(
    [stage([measured('fingerpost', [96, 90, 99]), measured('bare', [100, 100, 100])])],
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
      stage([measured('fingerpost', [90]), measured('bare', [100])]),
      stage([measured('fingerpost', [100], '1 KB, Node 26'), measured('bare', [100], '1 KB, Node 26')]),
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
  assert.deepEqual(judgeGoals([stage([measured('fingerpost', [100])])], [goal]), [])
})

test('differences and plain figures are judged too', () => {
  const more: Goal = { ...goal, kind: 'difference', bound: 'at most', value: 10 }
  const plain: Goal = { ...goal, kind: 'value', theirs: undefined, bound: 'at most', value: 99 }
  const all = [stage([measured('fingerpost', [100]), measured('bare', [95])])]
  assert.deepEqual(
    judgeGoals(all, [more, plain]).map(({ measured, met }) => [measured, met]),
    [
      [5, true],
      [100, false],
    ],
  )
})

test('the second metric is told but does not decide', () => {
  const perCpu = (contestant: string, sample: number) => ({
    ...measured(contestant, [sample]),
    metric: 'per cpu',
  })
  const [result] = judgeGoals(
    [
      stage([
        measured('fingerpost', [99]),
        measured('bare', [100]),
        perCpu('fingerpost', 1),
        perCpu('bare', 2),
      ]),
    ],
    [{ ...goal, second: 'per cpu' }],
  )
  assert.deepEqual([result?.measured, result?.second, result?.met], [0.99, 0.5, true])
})

test('a figure taken while others had the machine is marked', () => {
  const pair = [measured('fingerpost', [99]), measured('bare', [100])]
  const disturbed = (others: number | null) => judgeGoals([stage(pair, others)], [goal])[0]?.disturbed
  assert.deepEqual([disturbed(0.05), disturbed(0.3), disturbed(null)], [false, true, false])
})

test('a total is the sum of all profiles, divided by the sum of theirs', () => {
  const total: Goal = { ...goal, profile: 'share', kind: 'total ratio', bound: 'at most', value: 0.1 }
  const share = (name: string, ours: number, theirs: number) =>
    stage([measured('fingerpost', [ours], name), measured('bare', [theirs], name)])
  const [result] = judgeGoals([share('share, a', 1, 10), share('share, b', 1, 30)], [total])
  assert.deepEqual([result?.measured, result?.met, result?.profile], [0.05, true, 'share of 2'])
})

test('no two goals are the same', () => {
  const names = GOALS.map(({ profile, metric, ours, theirs }) => `${profile} ${metric} ${ours} ${theirs}`)
  assert.equal(new Set(names).size, names.length)
})
