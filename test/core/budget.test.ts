import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBudget } from '../../src/core/concurrent.ts'

/** Starts work of these amounts; `end` finishes one, `running` tells which are under way. */
function start(total: number, amounts: readonly number[]) {
  const budget = createBudget(total)
  const running = new Set<number>()
  const ends: (() => void)[] = []
  const all = amounts.map((amount, index) =>
    budget.spend(amount, async () => {
      running.add(index)
      await new Promise<void>((resolve) => {
        ends[index] = resolve
      })
      running.delete(index)
    }),
  )
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const end = async (index: number) => {
    ends[index]?.()
    await settle()
  }
  return { running: () => [...running], end, settle, all: () => Promise.all(all) }
}

test('work begins as long as it fits', async () => {
  const { running, end, settle } = start(10, [4, 5, 3, 2])
  await settle()
  assert.deepEqual(running(), [0, 1])
  await end(0)
  assert.deepEqual(running(), [1, 2, 3])
})

test('what does not fit yet is overtaken by what does, and comes first when something ends', async () => {
  const { running, end, settle } = start(10, [7, 8, 2, 3])
  await settle()
  assert.deepEqual(running(), [0, 2])
  await end(0)
  assert.deepEqual(running(), [2, 1])
  await end(1)
  assert.deepEqual(running(), [2, 3])
})

test('what is bigger than the whole budget runs alone', async () => {
  const { running, end, settle } = start(10, [2, 50, 1])
  await settle()
  assert.deepEqual(running(), [0, 2])
  await end(0)
  assert.deepEqual(running(), [2])
  await end(2)
  assert.deepEqual(running(), [1])
})

test('failed work gives its share back', async () => {
  const budget = createBudget(1)
  await assert.rejects(
    budget.spend(1, () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await budget.spend(1, async () => 'yes'), 'yes')
})
