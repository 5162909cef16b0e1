import { pairedRatios } from '../measure/pairs.ts'
import { type Summary, summarise } from '../measure/statistics.ts'
import { areComparable, type Measurement, type Subject } from './measurement.ts'

/** Whose ratios are shown. */
export const OURS = 'fingerpost'

/** One contestant in a comparison. */
export interface ComparisonRow {
  readonly contestant: string
  readonly runtime: string
  readonly samples: Summary
  /** fingerpost divided by this one, round by round; undefined for itself and where it took no part. */
  readonly ratio: Summary | undefined
}

/** Everybody's figures of one metric under one profile. */
export interface Comparison {
  readonly subject: Subject
  readonly profile: string
  readonly metric: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** The best first. */
  readonly rows: readonly ComparisonRow[]
}

/** Sorts measurements into comparisons, in the order in which they were measured. */
export function compare(measurements: readonly Measurement[]): readonly Comparison[] {
  const groups: Measurement[][] = []
  for (const measurement of measurements) {
    const group = groups.find(([first]) => first !== undefined && areComparable(first, measurement))
    if (group === undefined) groups.push([measurement])
    else group.push(measurement)
  }
  return groups.flatMap(compareGroup)
}

/** Everything measured under one profile, metric by metric. */
export interface ProfileFigures {
  readonly subject: Subject
  readonly profile: string
  /** The first is what the profile is about. */
  readonly comparisons: readonly [Comparison, ...Comparison[]]
}

/** The same, by profile. */
export function compareProfiles(measurements: readonly Measurement[]): readonly ProfileFigures[] {
  const profiles: ProfileFigures[] = []
  for (const comparison of compare(measurements)) {
    const { subject, profile } = comparison
    const index = profiles.findIndex((one) => one.subject === subject && one.profile === profile)
    const found = profiles[index]
    if (found === undefined) profiles.push({ subject, profile, comparisons: [comparison] })
    else profiles[index] = { ...found, comparisons: [...found.comparisons, comparison] }
  }
  return profiles
}

/** The samples that didn't fail. */
export function taken(samples: readonly (number | null)[]): readonly number[] {
  return samples.filter((sample) => sample !== null)
}

function compareGroup(group: readonly Measurement[]): readonly Comparison[] {
  const [first] = group
  if (first === undefined) return []
  const ours = group.find(({ contestant }) => contestant === OURS)
  const rows = group
    .filter(({ samples }) => taken(samples).length > 0)
    .map((one) => ({
      contestant: one.contestant,
      runtime: one.runtime,
      samples: summarise(taken(one.samples)),
      ratio: ratioOf(ours, one),
    }))
  const sign = first.better === 'more' ? -1 : 1
  rows.sort((a, b) => sign * (a.samples.median - b.samples.median))
  const { subject, profile, metric, unit, better } = first
  return [{ subject, profile, metric, unit, better, rows }]
}

function ratioOf(ours: Measurement | undefined, theirs: Measurement): Summary | undefined {
  if (ours === undefined || ours === theirs) return undefined
  const ratios = pairedRatios(ours.samples, theirs.samples)
  return ratios.length === 0 ? undefined : summarise(ratios)
}
