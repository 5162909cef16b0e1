import { OURS } from './comparison.ts'
import type { Goal } from './goal.ts'

const MB = 1_000_000

const RATIO = { ours: OURS, kind: 'ratio', unit: '×' } as const
const FIGURE = { ours: OURS, theirs: undefined, kind: 'value', bound: 'at most' } as const
const MORE_THAN_EMPTY: Omit<Goal, 'metric' | 'value' | 'unit'> = {
  ...{ subject: 'startup', profile: '10000 assets', ours: OURS, theirs: 'empty Fastify app' },
  ...{ kind: 'difference', bound: 'at most', second: undefined },
}

/** What deltas add to a build. */
const WITH_DICTIONARIES = {
  ...({ subject: 'dictionaries', metric: 'wall time', second: 'processor time' } as const),
  ...({ ours: `${OURS}, dictionaries`, theirs: OURS, bound: 'at most' } as const),
}

/** What a bare server can do as well, so that it is the limit there. */
const LIMITED = ['20 files', '1 KB', '10 KB', '100 KB', '1 MB', '304', '404'] as const

/** What the product promises. The serving goals come first, then building, memory, starting and scanning. */
export const GOALS: readonly Goal[] = [
  ...LIMITED.map((profile) => atLeast(0.95, `${profile},`, 'bare Fastify')),
  ...LIMITED.map((profile) => atLeast(0.9, `${profile},`, 'bare node:http')),
  atLeast(5, '20 files,', '@fastify/static'),
  atLeast(4, '20 files,', 'sirv'),
  atLeast(5, '20 files,', 'WhiteNoise'),
  atLeast(0.8, '20 files, Node 26', 'nginx'),
  atLeast(1.2, '100 KB, Node 26', 'nginx'),
  atLeast(1.2, '1 MB, Node 26', 'nginx'),
  nearTheFloor('bootstrap, cold'),
  nearTheFloor('@fortawesome/fontawesome-free, cold'),
  {
    ...{ ...FIGURE, subject: 'build', profile: '@fortawesome/fontawesome-free, warm' },
    ...{ metric: 'wall time', second: 'processor time', value: 600, unit: 'ms' },
  },
  carriedOver('last-build.tar', 2000),
  carriedOver('http://…', 4000),
  {
    ...{ ...FIGURE, subject: 'build', profile: 'report of 10000 files' },
    ...{ metric: 'load event', second: undefined, value: 1000, unit: 'ms' },
  },
  {
    ...{ ...FIGURE, subject: 'memory', profile: 'monaco-editor, cold' },
    ...{ metric: 'peak memory', second: undefined, value: 400 * MB, unit: 'B' },
  },
  { ...MORE_THAN_EMPTY, metric: 'time to first answer', value: 100, unit: 'ms' },
  { ...MORE_THAN_EMPTY, metric: 'memory', value: 40 * MB, unit: 'B' },
  {
    ...{ ...FIGURE, subject: 'live', profile: 'a save in 10000 files' },
    ...{ metric: 'save to new name', second: undefined, value: 20, unit: 'ms' },
  },
  {
    ...{ subject: 'scan', profile: 'share', ours: 'scanning', theirs: 'cold build', kind: 'total ratio' },
    ...{ metric: 'processor time', second: undefined, bound: 'at most', value: 0.05, unit: '×' },
  },
  ofTheWhole('release of one line edited', 0.01, 'ratio'),
  ofTheWhole('release of bootstrap', 0.08, 'ratio'),
  ofTheWhole('release', 0.12, 'total ratio'),
  {
    ...WITH_DICTIONARIES,
    profile: 'build of 5000 files, 20 changed',
    kind: 'difference',
    value: 200,
    unit: 'ms',
  },
  {
    ...WITH_DICTIONARIES,
    profile: 'build of 5000 files, nothing changed',
    kind: 'ratio',
    value: 1.1,
    unit: '×',
  },
]

/** A serving goal counts what clients see; what the server takes for it tells whether something else was the limit. */
function atLeast(value: number, profile: string, theirs: string): Goal {
  const metrics = { metric: 'requests/s', second: 'requests per processor second' } as const
  return { ...RATIO, ...metrics, subject: 'serve', profile, theirs, bound: 'at least', value }
}

/** What a returning visitor downloads of a release, or of all. */
function ofTheWhole(profile: string, value: number, kind: 'ratio' | 'total ratio'): Goal {
  const metrics = { metric: 'download', second: undefined, bound: 'at most', value, unit: '×' } as const
  return {
    ...metrics,
    kind,
    subject: 'dictionaries',
    profile,
    ours: 'dcb',
    theirs: 'br 11',
  }
}

/** A build with one change on an empty disk, where a cold one takes half a minute. */
function carriedOver(previous: string, value: number): Goal {
  return {
    ...{ ...FIGURE, subject: 'build', ours: `${OURS} --previous ${previous}`, value, unit: 'ms' },
    profile: '@fortawesome/fontawesome-free, one change on an empty disk',
    ...{ metric: 'wall time', second: 'processor time' },
  }
}

/** Wall time tells whether all cores are busy, processor time what is done in it. */
function nearTheFloor(profile: string): Goal {
  const metrics = { metric: 'wall time', second: 'processor time' } as const
  const theirs = 'compression floor'
  return { ...RATIO, ...metrics, subject: 'build', profile, theirs, bound: 'at most', value: 1.1 }
}
