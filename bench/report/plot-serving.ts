import { pairedRatios } from '../measure/pairs.ts'
import { OURS } from '../result/comparison.ts'
import type { Measurement } from '../result/measurement.ts'
import { PLOT_WIDTH, type Plot, type PlotSpec } from './plot.ts'

/** One drawing per Node: every round's ratio as a dot, so that the spread is seen and not only told. */
export function servingPlots(measurements: readonly Measurement[]): readonly Plot[] {
  const mine = measurements.filter(({ subject, metric }) => subject === 'serve' && metric === 'requests/s')
  const runtimes = [...new Set(mine.map(({ profile }) => profile.slice(profile.indexOf(', ') + 2)))]
  return runtimes.map((runtime) => ({
    subject: 'serve',
    title: `Serving on ${runtime}: fingerpost's throughput divided by each peer's`,
    caption:
      'Each dot is one round, the bar their median. Further right is better; right of 1, fingerpost answers more requests a second.',
    spec: ratioSpec(mine.filter(({ profile }) => profile.endsWith(runtime))),
  }))
}

function ratioSpec(measurements: readonly Measurement[]): PlotSpec {
  const ours = measurements.filter(({ contestant }) => contestant === OURS)
  const values = ours.flatMap((mine) =>
    measurements
      .filter(({ profile, contestant }) => profile === mine.profile && !contestant.startsWith(OURS))
      .flatMap(({ contestant, samples }) =>
        pairedRatios(mine.samples, samples).map((ratio) => ({
          contestant,
          ratio,
          profile: mine.profile.split(',')[0],
        })),
      ),
  )
  const x = {
    field: 'ratio',
    type: 'quantitative',
    scale: { type: 'log' },
    title: 'fingerpost ÷ peer (logarithmic)',
    axis: { values: [0.25, 0.5, 1, 2, 5, 10, 20], grid: true, format: '~r' },
  }
  const y = { field: 'contestant', type: 'nominal', title: null, sort: PEER_ORDER }
  const color = { field: 'contestant', type: 'nominal', legend: null, sort: PEER_ORDER }
  return {
    data: { values },
    facet: {
      row: {
        field: 'profile',
        title: null,
        sort: PROFILE_ORDER,
        header: { labelAngle: 0, labelAlign: 'left', labelOrient: 'top', labelPadding: 4 },
      },
    },
    spacing: 14,
    spec: {
      width: PLOT_WIDTH - 140,
      height: { step: 17 },
      layer: [
        {
          mark: { type: 'rule', color: 'currentColor', opacity: 0.5 },
          encoding: { x: { datum: 1, type: 'quantitative' } },
        },
        { mark: { type: 'circle', size: 36, opacity: 0.65 }, encoding: { x, y, color } },
        {
          mark: { type: 'tick', thickness: 3, size: 14 },
          encoding: { x: { ...x, aggregate: 'median' }, y, color },
        },
      ],
    },
  }
}

const PEER_ORDER = [
  'bare node:http',
  'bare Fastify',
  'hijacked Fastify',
  'nginx',
  'nginx with sendfile',
  'sirv',
  'WhiteNoise',
  '@fastify/static',
]
const PROFILE_ORDER = ['20 files', '1 KB', '10 KB', '100 KB', '1 MB', '304', '404']
