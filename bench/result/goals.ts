import { pairedDifferences, pairedRatios } from '../measure/pairs.ts'
import { median } from '../measure/statistics.ts'
import { taken } from './comparison.ts'
import { GOALS } from './goal-list.ts'
import type { Measurement, Subject } from './measurement.ts'

/** Something the product promises, as a figure of this suite. */
export interface Goal {
  readonly subject: Subject
  /** The start of the profile's name; a serving goal holds for every Node unless it names one. */
  readonly profile: string
  readonly metric: string
  readonly ours: string
  /** Undefined: the figure itself counts, not a comparison. */
  readonly theirs: string | undefined
  readonly kind: 'ratio' | 'difference' | 'value'
  readonly bound: 'at least' | 'at most'
  readonly value: number
  readonly unit: string
}

/** A goal and what was measured. */
export interface GoalResult {
  readonly goal: Goal
  readonly profile: string
  readonly measured: number
  readonly rounds: number
  readonly met: boolean
}

/** Holds every goal against what was measured; a goal nobody measured is left out. */
export function judgeGoals(
  measurements: readonly Measurement[],
  goals: readonly Goal[] = GOALS,
): readonly GoalResult[] {
  return goals.flatMap((goal) =>
    measurements
      .filter((one) => one.contestant === goal.ours && isAbout(goal, one))
      .flatMap((ours) => judge(goal, ours, measurements)),
  )
}

function judge(goal: Goal, ours: Measurement, all: readonly Measurement[]): readonly GoalResult[] {
  const samples = figuresOf(goal, ours, all)
  if (samples.length === 0) return []
  const measured = median(samples)
  const met = goal.bound === 'at least' ? measured >= goal.value : measured <= goal.value
  return [{ goal, profile: ours.profile, measured, rounds: samples.length, met }]
}

function figuresOf(goal: Goal, ours: Measurement, all: readonly Measurement[]): readonly number[] {
  if (goal.kind === 'value') return taken(ours.samples)
  const theirs = all.find(
    (one) => one.contestant === goal.theirs && one.profile === ours.profile && isAbout(goal, one),
  )
  if (theirs === undefined) return []
  const pair = goal.kind === 'ratio' ? pairedRatios : pairedDifferences
  return pair(ours.samples, theirs.samples)
}

function isAbout(goal: Goal, { subject, profile, metric }: Measurement): boolean {
  return subject === goal.subject && profile.startsWith(goal.profile) && metric === goal.metric
}
