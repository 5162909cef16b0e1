import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hotAllocations, hotFunctions } from '../../../bench/profiler/hot-spots.ts'

const frame = (functionName: string) => ({
  functionName,
  url: 'file:///app/dist/serve/plugin.js',
  lineNumber: 9,
})

test('the time of a function is the sum of its samples, idle time left out', () => {
  const spots = hotFunctions(
    {
      nodes: [
        { id: 1, callFrame: { functionName: '(idle)', url: '', lineNumber: -1 } },
        { id: 2, callFrame: frame('answer') },
        { id: 3, callFrame: frame('') },
      ],
      samples: [1, 2, 3, 2],
      timeDeltas: [9_000, 1_000, 1_000, 2_000],
    },
    5,
  )
  assert.deepEqual(spots, [
    { where: 'answer dist/serve/plugin.js:10', amount: 3, share: 0.75 },
    { where: '(anonymous) dist/serve/plugin.js:10', amount: 1, share: 0.25 },
  ])
})

test('allocations are added up over the whole tree, and only as many shown as asked', () => {
  const leaf = (name: string, selfSize: number) => ({ callFrame: frame(name), selfSize, children: [] })
  const head = {
    ...leaf('root', 0),
    children: [leaf('a', 10), { ...leaf('b', 5), children: [leaf('a', 15)] }],
  }
  assert.deepEqual(hotAllocations({ head }, 1), [
    { where: 'a dist/serve/plugin.js:10', amount: 25, share: 25 / 30 },
  ])
})
