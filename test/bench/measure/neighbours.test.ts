import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watchNeighbours } from '../../../bench/measure/neighbours.ts'

test('the share of others is a share, or unknown', () => {
  const { load, others } = watchNeighbours()()
  assert.equal(load.length, 2)
  assert.ok(others === null || (others >= 0 && others <= 1), String(others))
})
