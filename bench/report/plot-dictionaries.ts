import type { Measurement } from '../result/measurement.ts'
import { OTHERS_COLOUR, OURS_COLOUR, PLOT_WIDTH, type Plot } from './plot.ts'
import { comparisonsOf } from './plot-curve.ts'

/** What a returning visitor downloads of each release, as a share of the whole files. */
export function dictionaryPlots(measurements: readonly Measurement[]): readonly Plot[] {
  const values = comparisonsOf(measurements, 'dictionaries', 'download').flatMap(({ profile, rows }) => {
    const whole = rows.find(({ contestant }) => contestant.startsWith('br'))?.samples.median
    return rows.flatMap(({ contestant, samples }) =>
      whole === undefined || contestant.startsWith('br')
        ? []
        : [{ release: profile.replace('release of ', ''), contestant, share: samples.median / whole }],
    )
  })
  return [
    {
      subject: 'dictionaries',
      title: 'After a release: the change, not the files',
      caption:
        'Bytes that a returning visitor downloads, of those of the whole files with brotli 11. Less is better.',
      spec: {
        data: { values },
        width: PLOT_WIDTH - 160,
        height: { step: 12 },
        mark: { type: 'bar', height: 9 },
        encoding: {
          y: { field: 'release', type: 'nominal', title: null, sort: { field: 'share', op: 'min' } },
          yOffset: { field: 'contestant' },
          x: {
            field: 'share',
            type: 'quantitative',
            title: 'of the whole files',
            axis: { format: '.0%' },
          },
          color: {
            field: 'contestant',
            type: 'nominal',
            title: null,
            scale: { range: [OURS_COLOUR, OTHERS_COLOUR] },
          },
        },
      },
    },
  ]
}
