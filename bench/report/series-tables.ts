import { median } from '../measure/statistics.ts'
import { OURS, taken } from '../result/comparison.ts'
import type { Measurement } from '../result/measurement.ts'
import { formatFigure } from './figures.ts'
import type { Table } from './table.ts'

/** `1000 files, cold`: a made-up site of so many files, and what was done with it. */
const GROWTH = /^(\d+) files, (.+)$/
const SHARE = 'share, '

/** How the table of shares is headed. */
export const SHARE_TITLE = 'scan: share of a cold build'

/** True for profiles that stand in one of these tables instead of a table of their own. */
export function isInSeries({ subject, profile }: Pick<Measurement, 'subject' | 'profile'>): boolean {
  return (subject === 'build' && GROWTH.test(profile)) || (subject === 'scan' && profile.startsWith(SHARE))
}

/** The tables in which profiles of a subject stand line by line; none where nothing of the kind was measured. */
export function seriesTables(measurements: readonly Measurement[]): readonly Table[] {
  return [growthTable(measurements), shareTable(measurements)].filter(({ rows }) => rows.length > 0)
}

/** Builds of growing sites: a line per size, time and memory per state. */
function growthTable(measurements: readonly Measurement[]): Table {
  const mine = measurements.filter((one) => one.subject === 'build' && GROWTH.test(one.profile))
  const sizes = [...new Set(mine.map(({ profile }) => Number(GROWTH.exec(profile)?.[1])))].sort(
    (a, b) => a - b,
  )
  const figure = (count: number, state: string, metric: string, contestant = OURS) => {
    const profile = `${count} files, ${state}`
    const found = mine.find(
      (one) => one.profile === profile && one.metric === metric && one.contestant === contestant,
    )
    return found === undefined ? '' : formatFigure(median(taken(found.samples)), found.unit)
  }
  return {
    title: 'build: growth',
    head: [
      '',
      'compression floor ↓',
      'Django, cold ↓',
      'cold ↓',
      'warm ↓',
      'one change ↓',
      'fresh checkout ↓',
      'memory, cold ↓',
      'memory, warm ↓',
    ],
    rows: sizes.map((count) => [
      `${formatFigure(count, '')} files`,
      figure(count, 'cold', 'wall time', 'compression floor'),
      figure(count, 'cold', 'wall time', 'Django collectstatic'),
      figure(count, 'cold', 'wall time'),
      figure(count, 'warm', 'wall time'),
      figure(count, 'one change', 'wall time'),
      figure(count, 'fresh checkout', 'wall time'),
      figure(count, 'cold', 'peak memory'),
      figure(count, 'warm', 'peak memory'),
    ]),
  }
}

/** What scanning takes of each package's cold build, the biggest share first, and of all of them. */
function shareTable(measurements: readonly Measurement[]): Table {
  const mine = measurements.filter((one) => one.subject === 'scan' && one.profile.startsWith(SHARE))
  const amount = (profile: string, contestant: string) => {
    const found = mine.find((one) => one.profile === profile && one.contestant === contestant)
    return found === undefined ? Number.NaN : median(taken(found.samples))
  }
  const packages = [...new Set(mine.map(({ profile }) => profile))].map((profile) => ({
    name: profile.slice(SHARE.length),
    scanning: amount(profile, 'scanning'),
    build: amount(profile, 'cold build'),
  }))
  const sum = (key: 'scanning' | 'build') => packages.reduce((total, one) => total + one[key], 0)
  packages.sort((a, b) => b.scanning / b.build - a.scanning / a.build)
  const all = { name: 'all of them', scanning: sum('scanning'), build: sum('build') }
  return {
    title: SHARE_TITLE,
    head: ['', 'scanning ↓', 'whole cold build ↓', 'share ↓'],
    rows: (packages.length === 0 ? [] : [all, ...packages]).map(({ name, scanning, build }) => [
      name,
      formatFigure(scanning, 'ms'),
      formatFigure(build, 'ms'),
      `${((scanning / build) * 100).toFixed(1)} %`,
    ]),
  }
}
