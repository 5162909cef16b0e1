import { compare } from '../result/comparison.ts'
import { judgeGoals } from '../result/goals.ts'
import type { BenchRun } from '../result/measurement.ts'
import { formatPeriod } from './period.ts'
import { INTRODUCTION, METHOD } from './prose.ts'
import { tableAsMarkdown } from './table.ts'
import { comparisonTable, goalTable } from './tables.ts'

/** The page `docs/benchmarks.md`. */
export function runsAsMarkdown(runs: readonly BenchRun[]): string {
  const goals = judgeGoals(runs.flatMap(({ measurements }) => measurements))
  const sections = [
    '# Benchmarks',
    INTRODUCTION,
    '## Goals',
    tableAsMarkdown(goalTable(goals)),
    ...METHOD,
    '## Results',
    ...runs.flatMap(runSections),
  ]
  return `${sections.join('\n\n')}\n`
}

function runSections(run: BenchRun): readonly string[] {
  return [
    `### ${run.subject}`,
    [
      `\`${run.command}\` at commit ${run.revision}, ${formatPeriod(run)}`,
      ...run.machine.map(([name, value]) => `- ${name}: ${value}`),
      ...run.notes.map((note) => `- note: ${note.split('\n')[0]}`),
    ].join('\n'),
    ...compare(run.measurements).flatMap((comparison) => {
      const table = comparisonTable(comparison)
      return [`#### ${table.title}`, tableAsMarkdown(table)]
    }),
  ]
}
