import type { Subject } from './measurement.ts'

/** Something the product promises, as a figure of this suite. */
export interface Goal {
  readonly subject: Subject
  /** The start of the profile's name; a serving goal holds for every Node unless it names one. */
  readonly profile: string
  readonly metric: string
  /** A second look at the same thing, which doesn't decide: what the processor's time says of it. */
  readonly second: string | undefined
  readonly ours: string
  /** Undefined: the figure itself counts, not a comparison. */
  readonly theirs: string | undefined
  /** `total ratio`: the sum of ours over all these profiles, divided by the sum of theirs. */
  readonly kind: 'ratio' | 'difference' | 'value' | 'total ratio'
  readonly bound: 'at least' | 'at most'
  readonly value: number
  readonly unit: string
}
