import { median } from '../measure/statistics.ts'
import { taken } from '../result/comparison.ts'
import type { Measurement } from '../result/measurement.ts'
import { OTHERS_COLOUR, OURS_COLOUR, PLOT_WIDTH, type Plot } from './plot.ts'
import { comparisonsOf, curve } from './plot-curve.ts'

const MB = 1_000_000

/** Real packages by builder, as bars. */
export function buildPlots(measurements: readonly Measurement[]): readonly Plot[] {
  const values = comparisonsOf(measurements, 'build', 'wall time')
    .filter(({ profile }) => !/^\d/.test(profile))
    .flatMap(({ profile, rows }) =>
      rows.map(({ contestant, samples }) => {
        const [name, state] = profile.split(', ')
        return { name, build: `${contestant}, ${state}`, seconds: samples.median / 1000 }
      }),
    )
  return [
    {
      subject: 'build',
      title: 'Building real packages',
      caption: 'Wall time of the whole process, median of the rounds. Shorter is better.',
      spec: {
        data: { values },
        width: PLOT_WIDTH - 160,
        height: { step: 20 },
        mark: { type: 'bar', height: 13 },
        encoding: {
          row: {
            field: 'name',
            title: null,
            header: { labelAngle: 0, labelAlign: 'left', labelOrient: 'top' },
          },
          x: {
            field: 'seconds',
            type: 'quantitative',
            scale: { type: 'symlog', constant: 0.3 },
            title: 'seconds (logarithmic)',
            axis: { values: [0, 0.3, 1, 3, 10, 30, 100, 300], format: '~r' },
          },
          y: { field: 'build', type: 'nominal', title: null, sort: 'x' },
          color: {
            condition: { test: "indexof(datum.build, 'fingerpost') == 0", value: OURS_COLOUR },
            value: OTHERS_COLOUR,
          },
        },
        resolve: { scale: { y: 'independent' } },
      },
    },
  ]
}

/** Time and memory over the number of files. */
export function growthPlots(measurements: readonly Measurement[]): readonly Plot[] {
  const points = (metric: string, scale: number) =>
    comparisonsOf(measurements, 'build', metric).flatMap(({ profile, rows }) => {
      const match = /^(\d+) files, (.+)$/.exec(profile)
      if (match === null) return []
      const [, files, state] = match
      return rows.map(({ contestant, samples }) => ({
        files: Number(files),
        amount: samples.median / scale,
        series: `${contestant}, ${state}`,
      }))
    })
  return [
    curve(
      'build',
      'Build time as a site grows',
      'Made-up sites; wall time of the whole process. Lower is better. Both axes are logarithmic.',
      points('wall time', 1000),
      'seconds',
      'log',
      'files',
    ),
    curve(
      'build',
      'Peak memory of a build as a site grows',
      'The highest resident set of the whole process. Lower is better.',
      points('peak memory', MB),
      'MB',
      'linear',
      'files',
    ),
  ]
}

/** What each quality of an encoder costs and brings. */
export function encoderPlots(measurements: readonly Measurement[]): readonly Plot[] {
  const mine = measurements.filter(({ subject, profile }) => subject === 'build' && profile === 'encoders')
  const values = mine
    .filter(({ metric }) => metric === 'speed')
    .flatMap(({ contestant, samples }) => {
      const left = mine.find((one) => one.contestant === contestant && one.metric === 'bytes left')
      if (left === undefined) return []
      const [, encoder, quality] = /^(.*) (\d+)$/.exec(contestant) ?? []
      return [
        {
          encoder,
          quality: Number(quality),
          speed: median(taken(samples)),
          left: median(taken(left.samples)),
        },
      ]
    })
  const x = {
    field: 'speed',
    type: 'quantitative',
    scale: { type: 'log' },
    title: 'MB/s on one core (logarithmic)',
    axis: { values: [0.5, 1, 2, 5, 10, 20, 50, 100], format: '~r' },
  }
  const y = { field: 'left', type: 'quantitative', scale: { zero: false }, title: 'bytes left, %' }
  const color = { field: 'encoder', type: 'nominal', title: null }
  return [
    {
      subject: 'build',
      title: 'Encoders by quality',
      caption: 'Further down is smaller, further right is faster; the number is the quality.',
      spec: {
        data: { values },
        width: PLOT_WIDTH - 100,
        height: 300,
        layer: [
          {
            mark: { type: 'line', point: { size: 40 } },
            encoding: { x, y, color, order: { field: 'quality' } },
          },
          {
            mark: { type: 'text', dy: -10, fontSize: 11 },
            encoding: { x, y, color, text: { field: 'quality' } },
          },
        ],
      },
    },
  ]
}
