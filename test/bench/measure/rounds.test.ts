import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interleave, orderOfRound } from '../../../bench/measure/rounds.ts'

test('every round has every contestant once, and another one first', () => {
  const contestants = ['a', 'b', 'c']
  const orders = [0, 1, 2, 3].map((round) => orderOfRound(contestants, round))
  for (const order of orders) assert.deepEqual([...order].sort(), contestants)
  assert.deepEqual(orders, [
    ['a', 'b', 'c'],
    ['a', 'c', 'b'],
    ['c', 'a', 'b'],
    ['c', 'b', 'a'],
  ])
})

test('samples are kept by contestant, in the order of the rounds', async () => {
  const taken: string[] = []
  const samples = await interleave({
    contestants: ['a', 'b'],
    rounds: 2,
    async measure(name, round) {
      taken.push(`${name}${round}`)
      return round
    },
    onFailure: () => assert.fail(),
  })
  assert.deepEqual(taken, ['a0', 'b0', 'a1', 'b1'])
  assert.deepEqual(
    [...samples],
    [
      ['a', [0, 1]],
      ['b', [0, 1]],
    ],
  )
})

test('a round that fails leaves a gap and is reported, the others go on', async () => {
  const failures: string[] = []
  const samples = await interleave({
    contestants: ['a'],
    rounds: 3,
    async measure(_, round) {
      if (round === 1) throw new Error('gone')
      return round
    },
    onFailure: (name, error) => void failures.push(`${name}: ${error.message}`),
  })
  assert.deepEqual(samples.get('a'), [0, null, 2])
  assert.deepEqual(failures, ['a: gone'])
})

test('without contestants there is nothing to do', async () => {
  const samples = await interleave({
    contestants: [],
    rounds: 3,
    measure: async () => 1,
    onFailure: () => assert.fail(),
  })
  assert.equal(samples.size, 0)
})

test('each round is told before it begins', async () => {
  const told: string[] = []
  await interleave({
    contestants: ['a'],
    rounds: 2,
    measure: async () => void told.push('measured'),
    onRound: (round, rounds) => void told.push(`${round} of ${rounds}`),
    onFailure: () => assert.fail(),
  })
  assert.deepEqual(told, ['0 of 2', 'measured', '1 of 2', 'measured'])
})
