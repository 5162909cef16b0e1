import { OURS } from './comparison.ts'
import type { Goal } from './goals.ts'

const MB = 1_000_000

const RATIO = { ours: OURS, kind: 'ratio', unit: '×' } as const
const FIGURE = { ours: OURS, theirs: undefined, kind: 'value', bound: 'at most' } as const
const MORE_THAN_EMPTY = {
  ours: OURS,
  theirs: 'empty Fastify app',
  kind: 'difference',
  bound: 'at most',
} as const

/** What the product promises. The serving goals come first, then building, starting and scanning. */
export const GOALS: readonly Goal[] = [
  ...['20 files', '1 KB', '10 KB', '100 KB', '1 MB'].flatMap((profile) => [
    ...atLeast(0.95, `${profile},`, 'bare Fastify'),
    ...atLeast(0.9, `${profile},`, 'bare node:http'),
  ]),
  ...atLeast(5, '20 files,', '@fastify/static'),
  ...atLeast(4, '20 files,', 'sirv'),
  ...atLeast(5, '20 files,', 'WhiteNoise'),
  ...atLeast(0.8, '20 files, Node 26', 'nginx'),
  ...atLeast(1.2, '100 KB, Node 26', 'nginx'),
  ...atLeast(1.2, '1 MB, Node 26', 'nginx'),
  ...nearTheFloor('bootstrap, cold'),
  ...nearTheFloor('@fortawesome/fontawesome-free, cold'),
  {
    ...{ ...FIGURE, subject: 'build', profile: '@fortawesome/fontawesome-free, warm' },
    ...{ metric: 'wall time', value: 600, unit: 'ms' },
  },
  {
    ...{ ...FIGURE, subject: 'memory', profile: 'monaco-editor, cold' },
    ...{ metric: 'peak memory', value: 400 * MB, unit: 'B' },
  },
  {
    ...{ ...MORE_THAN_EMPTY, subject: 'startup', profile: '10000 assets' },
    ...{ metric: 'time to first answer', value: 100, unit: 'ms' },
  },
  {
    ...{ ...MORE_THAN_EMPTY, subject: 'startup', profile: '10000 assets' },
    ...{ metric: 'memory', value: 40 * MB, unit: 'B' },
  },
  {
    ...{ ...RATIO, subject: 'scan', profile: 'share, all packages', ours: 'scanning', theirs: 'cold build' },
    ...{ metric: 'processor time', bound: 'at most', value: 0.05 },
  },
]

/**
 * A serving goal, held twice: by what clients see, and by what the server takes for it. On a busy machine the load
 * generator or a neighbour can be what limits the first; the second stays.
 */
function atLeast(value: number, profile: string, theirs: string): readonly Goal[] {
  const goal = { ...RATIO, subject: 'serve', profile, theirs, bound: 'at least', value } as const
  return [
    { ...goal, metric: 'requests/s' },
    { ...goal, metric: 'requests per processor second' },
  ]
}

/** Held twice as well: wall time tells whether all cores are busy, processor time tells it on a busy machine too. */
function nearTheFloor(profile: string): readonly Goal[] {
  const goal = { ...RATIO, subject: 'build', profile, bound: 'at most', value: 1.1 } as const
  return [
    { ...goal, theirs: 'compression floor', metric: 'wall time' },
    { ...goal, theirs: 'compression floor', metric: 'processor time' },
  ]
}
