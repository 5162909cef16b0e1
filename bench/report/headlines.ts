import {
  type Comparison,
  type ComparisonRow,
  compareProfiles,
  OURS,
  type ProfileFigures,
} from '../result/comparison.ts'
import type { BenchRun, Measurement, Subject } from '../result/measurement.ts'
import { formatFigure } from './figures.ts'
import { titleOf } from './profile-table.ts'
import { stagesOf } from './sections.ts'

/** A figure that matters to who chooses a program, beside the one it is best compared with. */
export interface Headline {
  readonly what: string
  readonly figure: string
  /** `11.68 × @fastify/static`: fingerpost's figure divided by theirs. */
  readonly ratio: string
  readonly better: 'higher' | 'lower'
  /** The table it comes from. */
  readonly title: string
}

interface Source {
  readonly what: string
  readonly subject: Subject
  readonly profile: RegExp
  readonly metric: string
  readonly theirs?: string
}

const REQUESTS = { subject: 'serve', profile: /^20 files, /, metric: 'requests/s' } as const
const BOOTSTRAP = { subject: 'build', metric: 'wall time' } as const

/** The most important first; the first six that were measured are shown. */
const SOURCES: readonly Source[] = [
  { what: 'Requests a second, 20 files of 3 to 300 KB', ...REQUESTS, theirs: '@fastify/static' },
  { what: 'The same, beside nginx', ...REQUESTS, theirs: 'nginx' },
  { what: 'The same, beside a bare Fastify app', ...REQUESTS, theirs: 'bare Fastify' },
  {
    what: 'First build of bootstrap',
    ...BOOTSTRAP,
    profile: /^bootstrap, cold$/,
    theirs: 'Django collectstatic',
  },
  { what: 'Build of bootstrap with nothing changed', ...BOOTSTRAP, profile: /^bootstrap, warm$/ },
  {
    what: 'Start to first answer, 10,000 files',
    subject: 'startup',
    profile: /^10000 assets$/,
    metric: 'time to first answer',
    theirs: 'empty Fastify app',
  },
]

export function headlinesOf(runs: readonly BenchRun[]): readonly Headline[] {
  const profiles = compareProfiles(stagesOf(runs).flatMap(({ measurements }) => measurements))
  return SOURCES.flatMap((source) => headlineOf(source, profiles))
}

function headlineOf(source: Source, profiles: readonly ProfileFigures[]): readonly Headline[] {
  const figures = findProfile(profiles, source)
  const comparison = figures?.comparisons.find(({ metric }) => metric === source.metric)
  const ours = comparison && rowOf(comparison, OURS)
  if (figures === undefined || comparison === undefined || ours === undefined) return []
  const ratio = source.theirs === undefined ? undefined : rowOf(comparison, source.theirs)?.ratio
  return [
    {
      what: source.what,
      figure: formatFigure(ours.samples.median, comparison.unit),
      ratio: ratio === undefined ? '' : `${formatFigure(ratio.median, '×')} ${source.theirs}`,
      better: comparison.better === 'more' ? 'higher' : 'lower',
      title: titleOf(figures),
    },
  ]
}

/** On whichever Node most programs were measured beside each other. */
function findProfile(
  profiles: readonly ProfileFigures[],
  { subject, profile, metric }: Pick<Source, 'subject' | 'profile' | 'metric'>,
): ProfileFigures | undefined {
  const rows = ({ comparisons }: ProfileFigures) =>
    comparisons.find((comparison) => comparison.metric === metric)?.rows.length ?? 0
  return profiles
    .filter((figures) => figures.subject === subject && profile.test(figures.profile))
    .reduce<ProfileFigures | undefined>(
      (best, figures) => (best === undefined || rows(figures) > rows(best) ? figures : best),
      undefined,
    )
}

function rowOf({ rows }: Comparison, contestant: string): ComparisonRow | undefined {
  return rows.find((row) => row.contestant === contestant)
}

/** One bar of the chart on the first screen. */
export interface Bar {
  readonly name: string
  readonly value: number
  readonly figure: string
}

/** The programs whose requests a second are drawn as bars, in the order of their figures. */
const BARS: readonly string[] = [OURS, 'nginx', 'sirv', 'WhiteNoise', '@fastify/static']

export function barsOf(runs: readonly BenchRun[]): readonly Bar[] {
  const profiles = compareProfiles(stagesOf(runs).flatMap(({ measurements }) => measurements))
  const figures = findProfile(profiles, REQUESTS)
  const rows = figures?.comparisons.find(({ metric }) => metric === REQUESTS.metric)?.rows ?? []
  return BARS.flatMap((name) => rows.filter(({ contestant }) => contestant === name))
    .map(({ contestant, samples: { median } }) => ({
      name: contestant,
      value: median,
      figure: formatFigure(median, '1/s'),
    }))
    .sort((a, b) => b.value - a.value)
}

/** `Measured from 2026-01-30 to 2026-01-31 on AMD EPYC, 2 cores, Node 20.20.2.`: what the table, or the bars, show. */
export function whereAndWhen(runs: readonly BenchRun[], shown: 'table' | 'bars'): string {
  const profiles = compareProfiles(stagesOf(runs).flatMap(({ measurements }) => measurements))
  const figures = (shown === 'table' ? SOURCES : [REQUESTS]).map((source) => findProfile(profiles, source))
  const isShown = ({ subject, profile }: Measurement) =>
    figures.some((each) => each?.subject === subject && each.profile === profile)
  const days = stagesOf(runs)
    .filter(({ measurements }) => measurements.some(isShown))
    .map(({ startedAt }) => startedAt.slice(0, 10))
    .sort()
  const [first, last] = [days[0], days.at(-1)]
  const run = runs.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))[0]
  const fact = (name: string) => run?.machine.find(([key]) => key === name)?.[1] ?? 'unknown'
  const when = first === last ? `on ${first}` : `from ${first} to ${last}`
  return `Measured ${when} on ${fact('processor')}, Node ${fact('Node')}.`
}
