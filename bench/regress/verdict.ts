import { pairedRatios } from '../measure/pairs.ts'
import { median, medianError } from '../measure/statistics.ts'

/** Samples of one figure, round by round: the other revision, this tree, and this tree once more. */
export interface Trial {
  readonly name: string
  readonly better: 'more' | 'less'
  readonly there: readonly (number | null)[]
  readonly here: readonly (number | null)[]
  readonly again: readonly (number | null)[]
}

/** What a trial says. */
export interface Verdict {
  readonly name: string
  /** here ÷ there, the median of the rounds. */
  readonly ratio: number
  /** How far two measurements of the same tree lay apart here, as a share: nothing below it is a difference. */
  readonly noise: number
  readonly outcome: 'better' | 'worse' | 'same'
}

/** Differences below one in a hundred are not worth a word, however quiet the machine is. */
const SMALLEST_DIFFERENCE = 0.01

/** A median is said to differ when it lies this many of its standard errors away: about one false alarm in 300. */
const ERRORS = 3

/**
 * Compares two revisions. The noise is measured, not assumed: the same tree against itself, in the same rounds. Only
 * a difference that is larger than what the tree differs from itself, and than its own uncertainty, counts.
 */
export function judgeTrial({ name, better, there, here, again }: Trial): Verdict {
  const ratios = pairedRatios(here, there)
  const control = pairedRatios(again, here)
  const ratio = median(ratios)
  const noise = Math.max(
    SMALLEST_DIFFERENCE,
    Math.abs(median(control) - 1) + ERRORS * medianError(control),
    ERRORS * medianError(ratios),
  )
  const grew = ratio - 1
  if (!(Math.abs(grew) > noise)) return { name, ratio, noise, outcome: 'same' }
  return { name, ratio, noise, outcome: grew > 0 === (better === 'more') ? 'better' : 'worse' }
}
