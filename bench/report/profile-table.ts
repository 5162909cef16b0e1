import { type Comparison, type ComparisonRow, OURS, type ProfileFigures } from '../result/comparison.ts'
import { formatFigure, formatRange } from './figures.ts'
import type { Table } from './table.ts'

/** How a profile is headed; links to it use it. */
export function titleOf({ subject, profile }: ProfileFigures): string {
  return `${subject}: ${profile}`
}

/**
 * One table per profile: the metric it is about with its spread and the ratios round by round, then the medians of the
 * other metrics with theirs.
 */
export function profileTable(figures: ProfileFigures): Table {
  const [primary, ...others] = figures.comparisons
  const paired = primary.rows.some(({ ratio }) => ratio !== undefined)
  const ratioHead = paired ? [`${OURS} ÷ it${directionOf(primary)}`, 'middle half'] : []
  return {
    title: titleOf(figures),
    head: ['', headOf(primary), 'middle half', ...ratioHead, ...others.map(headOf), 'rounds'],
    rows: primary.rows.map((row) => [
      `${row.contestant} (${row.runtime})`,
      formatFigure(row.samples.median, primary.unit),
      spread(row.samples, primary.unit),
      ...(paired ? ratioCells(row) : []),
      ...others.map((comparison) => otherCell(comparison, row)),
      String(row.samples.count),
    ]),
  }
}

function headOf(comparison: Comparison): string {
  return `${comparison.metric}${directionOf(comparison)}`
}

/** What only tells how the others were measured, and is neither better nor worse. */
const NEUTRAL: ReadonlySet<string> = new Set(['server busy', 'references'])

/** In which direction a metric gets better. */
function directionOf({ metric, better }: Comparison): string {
  if (NEUTRAL.has(metric)) return ''
  return better === 'more' ? ' ↑' : ' ↓'
}

function ratioCells({ ratio }: ComparisonRow): readonly string[] {
  return ratio === undefined ? ['', ''] : [formatFigure(ratio.median, '×'), spread(ratio, '×')]
}

/** A ratio of shares or counts says nothing, so only amounts have one. */
function otherCell({ rows, unit }: Comparison, { contestant, runtime }: ComparisonRow): string {
  const row = rows.find((one) => one.contestant === contestant && one.runtime === runtime)
  if (row === undefined) return ''
  const figure = formatFigure(row.samples.median, unit)
  const hasRatio = row.ratio !== undefined && unit !== '%' && unit !== ''
  return hasRatio ? `${figure} (${formatFigure(row.ratio.median, '×')})` : figure
}

function spread(
  { count, low, high }: { readonly count: number; readonly low: number; readonly high: number },
  unit: string,
): string {
  return count === 1 ? '–' : formatRange(low, high, unit)
}
