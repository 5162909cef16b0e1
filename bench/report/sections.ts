import { compareProfiles } from '../result/comparison.ts'
import {
  type BenchRun,
  isDisturbed,
  type StageResult,
  SUBJECTS,
  type Subject,
} from '../result/measurement.ts'
import { formatPeriod } from './period.ts'
import { profileTable } from './profile-table.ts'
import { isInSeries, seriesTables } from './series-tables.ts'
import type { Table } from './table.ts'

/** What both pages show of one subject, each in its own way. */
export interface Section {
  readonly subject: Subject
  readonly parts: readonly Part[]
}

/** One table with where it comes from and what must be known beside it. */
export interface Part {
  readonly table: Table
  /** `commit 0123456789, 2026-01-31 09:05 to 09:06 UTC, load 1.20 → 2.05, other programs 1 %` */
  readonly origin: string
  readonly notes: readonly string[]
}

/** The stages of all runs, in the order of a complete run's subjects. */
export function stagesOf(runs: readonly BenchRun[]): readonly StageResult[] {
  return SUBJECTS.flatMap((subject) =>
    runs.flatMap(({ results }) => results.filter((result) => result.subject === subject)),
  )
}

/** Everything that was measured, by subject. */
export function sectionsOf(runs: readonly BenchRun[]): readonly Section[] {
  return SUBJECTS.map((subject) => ({ subject, parts: partsOf(subject, runs) })).filter(
    ({ parts }) => parts.length > 0,
  )
}

interface Origin {
  readonly run: BenchRun
  readonly result: StageResult
}

function partsOf(subject: Subject, runs: readonly BenchRun[]): readonly Part[] {
  const origins = runs.flatMap((run) =>
    run.results.filter((result) => result.subject === subject).map((result) => ({ run, result })),
  )
  const own = origins.flatMap((origin) =>
    compareProfiles(origin.result.measurements.filter((one) => !isInSeries(one))).map((figures) =>
      partFrom(profileTable(figures), [origin]),
    ),
  )
  const measurements = origins.flatMap(({ result }) => result.measurements)
  const series = seriesTables(measurements).map((table) =>
    partFrom(
      table,
      origins.filter(({ result }) =>
        seriesTables(result.measurements).some(({ title }) => title === table.title),
      ),
    ),
  )
  return [...own, ...series]
}

function partFrom(table: Table, origins: readonly Origin[]): Part {
  const notes = origins.flatMap(({ result }) =>
    result.notes.map((note) => (origins.length === 1 ? note : `${result.stage}: ${note}`)),
  )
  return { table, origin: describeOrigin(origins), notes }
}

function describeOrigin(origins: readonly Origin[]): string {
  const results = origins.map(({ result }) => result)
  const commits = [...new Set(origins.map(({ run }) => run.revision))]
  const startedAt = results.map((one) => one.startedAt).sort()[0] ?? ''
  const finishedAt =
    results
      .map((one) => one.finishedAt)
      .sort()
      .at(-1) ?? ''
  const load = results.flatMap((one) => one.load)
  const others = results.flatMap((one) => (one.others === null ? [] : [one.others]))
  const disturbed = results.some(isDisturbed) ? ': disturbed' : ''
  return [
    `commit ${commits.join(', ')}`,
    formatPeriod({ startedAt, finishedAt }),
    `load average ${Math.min(...load).toFixed(1)} to ${Math.max(...load).toFixed(1)}`,
    ...(others.length === 0
      ? []
      : [`other programs had ${(Math.max(...others) * 100).toFixed(0)} % of the machine${disturbed}`]),
  ].join(', ')
}
