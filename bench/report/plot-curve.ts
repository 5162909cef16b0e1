import { type Comparison, compare } from '../result/comparison.ts'
import type { Measurement } from '../result/measurement.ts'
import { PLOT_WIDTH, type Plot } from './plot.ts'

/** A figure over a number of files, a line per series. The number of files is always logarithmic. */
export function curve(
  subject: string,
  title: string,
  caption: string,
  values: readonly object[],
  unit: string,
  scale: 'log' | 'linear',
  what: string,
): Plot {
  const spec = {
    data: { values },
    width: PLOT_WIDTH - 100,
    height: 300,
    mark: { type: 'line', point: { size: 40 }, strokeWidth: 2 },
    encoding: {
      x: {
        field: 'files',
        type: 'quantitative',
        scale: { type: 'log' },
        title: what,
        axis: { values: [100, 1000, 10_000, 50_000], format: ',' },
      },
      y: {
        field: 'amount',
        type: 'quantitative',
        scale: { type: scale },
        title: unit,
        axis: scale === 'log' ? { tickCount: 5, format: '~r' } : { tickCount: 5 },
      },
      color: { field: 'series', type: 'nominal', title: null },
    },
  }
  return { subject, title, caption, spec }
}

/** The comparisons of one metric. */
export function comparisonsOf(
  measurements: readonly Measurement[],
  subject: string,
  metric: string,
): readonly Comparison[] {
  return compare(measurements.filter((one) => one.subject === subject && one.metric === metric)).filter(
    ({ profile }) => !profile.startsWith('share'),
  )
}
