import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lazily } from '../../src/core/lazy.ts'

test('the work is done when first asked for, and once', () => {
  let count = 0
  const value = lazily(() => {
    count++
    return undefined
  })
  assert.equal(count, 0)
  value()
  value()
  assert.equal(count, 1)
})
