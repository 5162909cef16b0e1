import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEncodeQueue } from '../../../src/builder/compress/encode-queue.ts'

const BIG = 1_000_000

/** A queue, and jobs that end when they are told to. */
function bench(cores: number) {
  const abortion = new AbortController()
  const queue = createEncodeQueue(cores, abortion.signal)
  const begun: number[] = []
  const ends = new Map<number, () => void>()
  const add = (bytes: number) =>
    queue.run(bytes, () => {
      begun.push(bytes)
      return new Promise<void>((end) => ends.set(bytes, end))
    })
  const end = async (bytes: number) => {
    ends.get(bytes)?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { abortion, begun, add, end }
}

test('every core has a job, and no more big ones than cores are begun', async () => {
  const { begun, add, end } = bench(2)
  for (const extra of [1, 2, 3, 4]) add(BIG + extra)
  await end(0)
  assert.deepEqual(begun, [BIG + 1, BIG + 2])
})

test('of those that wait, the largest is next', async () => {
  const { begun, add, end } = bench(1)
  for (const extra of [1, 5, 3, 9, 4]) add(BIG + extra)
  for (const extra of [0, 1, 9, 5, 4]) await end(BIG + extra)
  assert.deepEqual(
    begun.map((bytes) => bytes - BIG),
    [1, 9, 5, 4, 3],
  )
})

test('small jobs are begun ahead, so that no thread waits to be given one', async () => {
  const { begun, add, end } = bench(2)
  for (let extra = 0; extra < 40; extra++) add(4096 + extra)
  await end(0)
  // 64 KB for each core.
  assert.equal(begun.length, 31)
  await end(4096)
  assert.equal(begun.length, 32)
})

test('the smallest jobs are begun ahead by number: an encoder takes memory however little it is given', async () => {
  const { begun, add, end } = bench(2)
  for (let bytes = 1; bytes <= 100; bytes++) add(bytes)
  await end(0)
  // 16 for each core.
  assert.equal(begun.length, 32)
})

test('beside a big job nothing is begun ahead', async () => {
  const { begun, add, end } = bench(2)
  for (const bytes of [BIG, 1, 2, 3]) add(bytes)
  await end(0)
  assert.deepEqual(begun, [BIG, 1])
})

test('after an abortion nothing begins, and all who wait are told why', async () => {
  const { abortion, begun, add, end } = bench(1)
  add(BIG)
  await end(0)
  const waiting = [add(BIG + 1), add(BIG + 2)].map((job) => assert.rejects(job, /enough/))
  abortion.abort(new Error('enough'))
  await end(BIG)
  await Promise.all(waiting)
  assert.deepEqual(begun, [BIG])
})
