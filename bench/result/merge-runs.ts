import type { BenchRun, StageResult, Subject } from './measurement.ts'

/** Names a stage. */
export interface StageName {
  readonly subject: Subject
  readonly stage: string
}

/**
 * Puts a run beside those saved before: its results take the place of older ones of the same stages, the rest stays
 * with its own commit and time. Runs of which nothing is left are dropped, and so are stages that no longer exist.
 */
export function mergeRuns(
  saved: readonly BenchRun[],
  fresh: BenchRun,
  known: readonly StageName[],
): readonly BenchRun[] {
  const replaced = new Set(fresh.results.map(keyOf))
  const existing = new Set(known.map(keyOf))
  const keep = (result: StageResult) => existing.has(keyOf(result)) && !replaced.has(keyOf(result))
  const older = saved
    // The same run, saved when it had fewer results.
    .filter(({ startedAt }) => startedAt !== fresh.startedAt)
    .map((run) => ({ ...run, results: run.results.filter(keep) }))
  return [...older, fresh].filter(({ results }) => results.length > 0)
}

function keyOf({ subject, stage }: StageName): string {
  return `${subject}\n${stage}`
}
