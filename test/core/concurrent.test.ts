import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { mapConcurrently } from '../../src/core/concurrent.ts'

test('results come in the order of the items, whatever finishes first', async () => {
  const results = await mapConcurrently([3, 1, 2], 3, async (turns) => {
    for (let turn = 0; turn < turns; turn++) await setImmediate()
    return turns * 10
  })
  assert.deepEqual(results, [30, 10, 20])
})

test('no more than the limit are under way at once', async () => {
  let running = 0
  let most = 0
  await mapConcurrently(Array.from({ length: 20 }), 4, async () => {
    most = Math.max(most, ++running)
    await setImmediate()
    running--
  })
  assert.equal(most, 4)
})

test('a failure is passed on, and nothing is begun after it', async () => {
  let begun = 0
  const work = async (item: number): Promise<void> => {
    begun++
    await setImmediate()
    if (item === 1) throw new Error('broken')
  }
  await assert.rejects(mapConcurrently([0, 1, 2, 3, 4, 5, 6, 7], 2, work), /broken/)
  await setImmediate()
  assert.ok(begun <= 4, `${begun} were begun`)
})

test('an empty list is done at once', async () => {
  assert.deepEqual(await mapConcurrently([], 4, async () => 1), [])
})

test('a failure waits for what is under way', async () => {
  const done: string[] = []
  const work = async (name: string) => {
    if (name === 'fails') throw new Error('no')
    await new Promise((resolve) => setTimeout(resolve, 10))
    done.push(name)
  }
  await assert.rejects(mapConcurrently(['slow', 'fails', 'never'], 2, work), /no/)
  assert.deepEqual(done, ['slow'])
})
