import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeTrial } from '../../../bench/regress/verdict.ts'

const near = (centre: number, wiggle: number) =>
  [0, 1, -1, 0.5, -0.5, 0.2, -0.2].map((n) => centre + n * wiggle)

test('a difference beyond the measured noise is told, with its direction', () => {
  const trial = { name: 'x', there: near(100, 1), here: near(120, 1), again: near(120, 1).reverse() }
  assert.equal(judgeTrial({ ...trial, better: 'more' }).outcome, 'better')
  assert.equal(judgeTrial({ ...trial, better: 'less' }).outcome, 'worse')
})

test('the same difference on a machine that is as noisy is not told', () => {
  const noisy = {
    name: 'x',
    better: 'more',
    there: near(100, 40),
    here: near(120, 40),
    again: near(90, 40).reverse(),
  }
  assert.equal(judgeTrial({ ...noisy, better: 'more' }).outcome, 'same')
})

test('what the tree differs from itself is noise', () => {
  const trial = { name: 'x', there: near(100, 0), here: near(105, 0), again: near(112, 0) }
  const { outcome, noise } = judgeTrial({ ...trial, better: 'more' })
  assert.equal(outcome, 'same')
  assert.ok(noise > 0.06)
})

test('less than one in a hundred is never told', () => {
  const trial = { name: 'x', there: near(1000, 0), here: near(1005, 0), again: near(1005, 0) }
  assert.equal(judgeTrial({ ...trial, better: 'more' }).outcome, 'same')
})

test('without samples there is no difference', () => {
  assert.equal(
    judgeTrial({ name: 'x', better: 'more', there: [null], here: [1], again: [1] }).outcome,
    'same',
  )
})
