import { compare } from '../result/comparison.ts'
import { judgeGoals } from '../result/goals.ts'
import type { BenchRun } from '../result/measurement.ts'
import { tableAsText } from './table.ts'
import { comparisonTable, goalTable } from './tables.ts'

/** A run as text for a terminal: every comparison, the goals, the notes. */
export function runAsText(run: BenchRun): string {
  const goals = judgeGoals(run.measurements)
  return [
    run.machine.map(([name, value]) => `${name}: ${value}`).join('\n'),
    ...compare(run.measurements).map((comparison) => tableAsText(comparisonTable(comparison))),
    ...(goals.length === 0 ? [] : [tableAsText(goalTable(goals))]),
    ...(run.notes.length === 0 ? [] : [run.notes.map((note) => `note: ${note}`).join('\n')]),
  ].join('\n\n')
}
