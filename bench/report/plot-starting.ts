import type { Measurement } from '../result/measurement.ts'
import type { Plot } from './plot.ts'
import { comparisonsOf, curve } from './plot-curve.ts'

const MB = 1_000_000

/** Time and memory of a starting server over the number of assets. */
export function startPlots(measurements: readonly Measurement[]): readonly Plot[] {
  const points = (metric: string, scale: number) =>
    comparisonsOf(measurements, 'startup', metric).flatMap(({ profile, rows }) =>
      rows.map(({ contestant, samples }) => ({
        files: Number.parseInt(profile, 10),
        amount: samples.median / scale,
        series: contestant,
      })),
    )
  return [
    curve(
      'startup',
      'Time to the first answer',
      'From starting the process to a complete answer. Lower is better. Both axes are logarithmic.',
      points('time to first answer', 1000),
      'seconds',
      'log',
      'assets',
    ),
    curve(
      'startup',
      'Memory after the first answer',
      'Resident set of all processes of the server. Lower is better.',
      points('memory', MB),
      'MB',
      'linear',
      'assets',
    ),
  ]
}
