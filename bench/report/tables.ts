import { type Comparison, OURS } from '../result/comparison.ts'
import type { GoalResult } from '../result/goals.ts'
import { formatFigure, formatRange } from './figures.ts'
import type { Table } from './table.ts'

/** How a comparison is headed; README links use it. */
export function titleOf({ subject, profile, metric }: Comparison): string {
  return `${subject}: ${profile}, ${metric}`
}

/** A comparison with medians, the middle half of the samples and the ratios round by round. */
export function comparisonTable(comparison: Comparison): Table {
  const { rows, unit, metric } = comparison
  const paired = rows.some(({ ratio }) => ratio !== undefined)
  return {
    title: titleOf(comparison),
    head: ['', metric, 'middle half', 'rounds', ...(paired ? [`${OURS} ÷ it`, 'middle half'] : [])],
    rows: rows.map(({ contestant, runtime, samples, ratio }) => [
      `${contestant} (${runtime})`,
      formatFigure(samples.median, unit),
      samples.count === 1 ? '–' : formatRange(samples.low, samples.high, unit),
      String(samples.count),
      ...(paired ? ratioCells(ratio) : []),
    ]),
  }
}

/** Every goal with what was measured. */
export function goalTable(results: readonly GoalResult[]): Table {
  return {
    title: 'Goals',
    head: ['', 'goal', 'measured', 'rounds', ''],
    rows: results.map(({ goal, profile, measured, rounds, met }) => [
      [profile, goal.metric, goal.theirs === undefined ? '' : `against ${goal.theirs}`]
        .filter(Boolean)
        .join(', '),
      `${goal.bound} ${formatFigure(goal.value, goal.unit)}${goal.kind === 'difference' ? ' more' : ''}`,
      formatFigure(measured, goal.unit),
      String(rounds),
      met ? 'met' : 'missed',
    ]),
  }
}

function ratioCells(ratio: Comparison['rows'][number]['ratio']): readonly string[] {
  if (ratio === undefined) return ['', '']
  return [formatFigure(ratio.median, '×'), ratio.count === 1 ? '–' : formatRange(ratio.low, ratio.high, '×')]
}
