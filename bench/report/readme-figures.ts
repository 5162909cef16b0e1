import { judgeGoals } from '../result/goals.ts'
import type { BenchRun } from '../result/measurement.ts'
import { goalSummary } from './goal-tables.ts'
import { headlinesOf, whereAndWhen } from './headlines.ts'
import { stagesOf } from './sections.ts'
import { anchorOf, tableAsMarkdown } from './table.ts'

const BEGIN = '<!-- figures: written by `npm run bench -- report` -->'
const END = '<!-- end of figures -->'

/** The README with its figures brought up to date. What stands outside the two comments stays. @throws Error without them */
export function withFigures(readme: string, runs: readonly BenchRun[]): string {
  const [before, rest] = readme.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) {
    throw new Error(`The README has no place for figures, between ${BEGIN} and ${END}.`)
  }
  const place = { details: 'docs/benchmarks-in-detail.md', goals: 'docs/benchmarks-in-detail.md#goals' }
  return `${before}${BEGIN}\n${figuresAsMarkdown(runs, place)}\n${END}${after}`
}

/** The figures that matter as a table, each with a link to where it comes from. What wasn't measured is left out. */
export function figuresAsMarkdown(
  runs: readonly BenchRun[],
  { details, goals }: { readonly details: string; readonly goals: string },
): string {
  const table = {
    title: '',
    head: ['', 'fingerpost', 'fingerpost ÷ other', 'better is'],
    rows: headlinesOf(runs).map(({ what, figure, ratio, better, title }) => [
      what,
      `[${figure}](${details}#${anchorOf(title)})`,
      ratio,
      better,
    ]),
  }
  const summary = goalSummary(judgeGoals(stagesOf(runs)))
  return `${tableAsMarkdown(table)}\n\n${whereAndWhen(runs, 'table')} [${summary.replace(/\.$/, '')}](${goals}).`
}
