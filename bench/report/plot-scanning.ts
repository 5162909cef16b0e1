import type { Measurement } from '../result/measurement.ts'
import { OTHERS_COLOUR, OURS_COLOUR, PLOT_WIDTH, type Plot } from './plot.ts'
import { comparisonsOf } from './plot-curve.ts'

/** Readers by speed, as bars. */
export function scanPlots(measurements: readonly Measurement[]): readonly Plot[] {
  const values = comparisonsOf(measurements, 'scan', 'speed').flatMap(({ profile, rows }) =>
    rows.map(({ contestant, samples }) => ({ profile, contestant, speed: samples.median })),
  )
  return [
    {
      subject: 'scan',
      title: 'Reading style sheets and scripts',
      caption:
        'Megabytes a second of one core, median of the rounds. Longer is better. The peers tokenize or parse; fingerpost also returns every reference with its place.',
      spec: {
        data: { values },
        width: PLOT_WIDTH - 160,
        height: { step: 20 },
        mark: { type: 'bar', height: 13 },
        encoding: {
          row: {
            field: 'profile',
            title: null,
            header: { labelAngle: 0, labelAlign: 'left', labelOrient: 'top' },
          },
          x: {
            field: 'speed',
            type: 'quantitative',
            scale: { type: 'symlog', constant: 5 },
            title: 'MB/s (logarithmic)',
            axis: { values: [0, 5, 20, 50, 100, 200, 500, 1000] },
          },
          y: { field: 'contestant', type: 'nominal', title: null, sort: '-x' },
          color: {
            condition: { test: "datum.contestant == 'fingerpost'", value: OURS_COLOUR },
            value: OTHERS_COLOUR,
          },
        },
        resolve: { scale: { y: 'independent' } },
      },
    },
  ]
}
