import { judgeGoals } from '../result/goals.ts'
import type { BenchRun } from '../result/measurement.ts'
import { GOAL_LEGEND, goalSummary, otherGoals, servingGoals } from './goal-tables.ts'
import { sectionsOf } from './sections.ts'
import { tableAsText } from './table.ts'

/** A run as text for a terminal: every table, the goals, the notes. */
export function runAsText(run: BenchRun): string {
  const goals = judgeGoals(run.results)
  const tables = [servingGoals(goals, run.results), otherGoals(goals)].filter(({ rows }) => rows.length > 0)
  return [
    run.machine.map(([name, value]) => `${name}: ${value}`).join('\n'),
    ...sectionsOf([run]).flatMap(({ parts }) =>
      parts.map(({ table, origin, notes }) =>
        [tableAsText(table), origin, ...notes.map((note) => `note: ${note}`)].join('\n'),
      ),
    ),
    ...tables.map(tableAsText),
    ...(goals.length === 0 ? [] : [`${goalSummary(goals)} ${GOAL_LEGEND}`]),
    ...run.notes.map((note) => `note: ${note}`),
  ].join('\n\n')
}
