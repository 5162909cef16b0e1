import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgress, formatLeft } from '../../bench/progress.ts'
import type { Stage } from '../../bench/subjects/bench.ts'

const stage = (name: string, seconds: number): Stage => ({
  ...{ subject: 'serve', name, seconds },
  measure: async () => undefined,
})

test('a stage is announced with its place and the time left', () => {
  const stages = [stage('1 KB', 60), stage('304', 120)]
  assert.equal(createProgress(stages).begin(stages[0] as Stage), '[1 of 2] serve: 1 KB (about 3 min left)')
})

test('the pace of the machine corrects the estimate', () => {
  const [first, second] = [stage('1 KB', 60), stage('304', 120)]
  const progress = createProgress([first, second])
  progress.finish(first, 120)
  assert.equal(progress.expect(second), 240)
  assert.equal(progress.begin(second), '[2 of 2] serve: 304 (about 4 min left)')
})

test('what was left out tells nothing of the pace', () => {
  const [first, second] = [stage('1 KB', 60), stage('304', 120)]
  const progress = createProgress([first, second])
  progress.finish(first, undefined)
  assert.equal(progress.expect(second), 120)
})

test('short times are told in seconds', () => {
  assert.equal(formatLeft(12), 'about 20 s')
  assert.equal(formatLeft(89), 'about 90 s')
  assert.equal(formatLeft(100), 'about 2 min')
})
