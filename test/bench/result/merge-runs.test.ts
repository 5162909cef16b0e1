import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BenchRun, StageResult } from '../../../bench/result/measurement.ts'
import { mergeRuns } from '../../../bench/result/merge-runs.ts'

const result = (stage: string): StageResult => ({
  ...{ subject: 'serve', stage, startedAt: '', finishedAt: '', load: [0, 0], others: null, notes: [] },
  measurements: [],
})

const run = (startedAt: string, ...stages: string[]): BenchRun => ({
  ...{ command: 'npm run bench', startedAt, revision: `commit of ${startedAt}`, machine: [], notes: [] },
  results: stages.map(result),
})

const known = ['a', 'b', 'c'].map((stage) => ({ subject: 'serve', stage }) as const)
const shape = (runs: readonly BenchRun[]) =>
  runs.map(({ revision, results }) => [revision, ...results.map(({ stage }) => stage)])

test('a stage measured again takes the place of the old one; the others stay with their commit', () => {
  assert.deepEqual(shape(mergeRuns([run('old', 'a', 'b')], run('new', 'b'), known)), [
    ['commit of old', 'a'],
    ['commit of new', 'b'],
  ])
})

test('a run that is saved again as it grows stands there once', () => {
  const first = mergeRuns([], run('new', 'a'), known)
  assert.deepEqual(shape(mergeRuns(first, run('new', 'a', 'b'), known)), [['commit of new', 'a', 'b']])
})

test('a run of which nothing is left is dropped', () => {
  assert.deepEqual(shape(mergeRuns([run('old', 'a')], run('new', 'a'), known)), [['commit of new', 'a']])
})

test('stages that no longer exist are dropped', () => {
  assert.deepEqual(shape(mergeRuns([run('old', 'gone', 'a')], run('new', 'b'), known)), [
    ['commit of old', 'a'],
    ['commit of new', 'b'],
  ])
})
