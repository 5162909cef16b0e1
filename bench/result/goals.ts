import { pairedDifferences, pairedRatios } from '../measure/pairs.ts'
import { median } from '../measure/statistics.ts'
import { taken } from './comparison.ts'
import type { Goal } from './goal.ts'
import { GOALS } from './goal-list.ts'
import { isDisturbed, type Measurement, type StageResult } from './measurement.ts'

/** A goal and what was measured. */
export interface GoalResult {
  readonly goal: Goal
  readonly profile: string
  readonly measured: number
  /** By the second metric; undefined where there is none. */
  readonly second: number | undefined
  readonly rounds: number
  readonly met: boolean
  /** Other programs had more of the machine than the figure bears. */
  readonly disturbed: boolean
}

/** Holds every goal against what was measured; a goal nobody measured is left out. */
export function judgeGoals(
  results: readonly StageResult[],
  goals: readonly Goal[] = GOALS,
): readonly GoalResult[] {
  return goals.flatMap((goal) =>
    goal.kind === 'total ratio'
      ? judgeTotal(goal, results)
      : results.flatMap((result) => judgeStage(goal, result)),
  )
}

function judgeStage(goal: Goal, result: StageResult): readonly GoalResult[] {
  return result.measurements
    .filter((one) => one.contestant === goal.ours && isAbout(goal, goal.metric, one))
    .flatMap(({ profile }) => {
      const samples = figuresOf(goal, goal.metric, profile, result)
      if (samples.length === 0) return []
      const second =
        goal.second === undefined ? Number.NaN : median(figuresOf(goal, goal.second, profile, result))
      const measured = median(samples)
      return [
        {
          ...{ goal, profile, measured, second: Number.isNaN(second) ? undefined : second },
          ...{ rounds: samples.length, met: isMet(goal, measured), disturbed: isDisturbed(result) },
        },
      ]
    })
}

function judgeTotal(goal: Goal, results: readonly StageResult[]): readonly GoalResult[] {
  const mine = results.filter(({ measurements }) =>
    measurements.some((one) => isAbout(goal, goal.metric, one)),
  )
  const sum = (contestant: string | undefined) =>
    mine
      .flatMap(({ measurements }) => measurements)
      .filter((one) => one.contestant === contestant && isAbout(goal, goal.metric, one))
      .reduce((total, { samples }) => total + median(taken(samples)), 0)
  if (mine.length === 0) return []
  const measured = sum(goal.ours) / sum(goal.theirs)
  const profiles = new Set(
    mine
      .flatMap(({ measurements }) => measurements)
      .flatMap((one) => (isAbout(goal, goal.metric, one) ? [one.profile] : [])),
  )
  const profile = `${goal.profile} of ${profiles.size}`
  const disturbed = mine.some(isDisturbed)
  return [{ goal, profile, measured, second: undefined, rounds: 1, met: isMet(goal, measured), disturbed }]
}

function isMet({ bound, value }: Goal, measured: number): boolean {
  return bound === 'at least' ? measured >= value : measured <= value
}

function figuresOf(
  goal: Goal,
  metric: string,
  profile: string,
  { measurements }: StageResult,
): readonly number[] {
  const find = (contestant: string | undefined) =>
    measurements.find(
      (one) => one.contestant === contestant && one.profile === profile && isAbout(goal, metric, one),
    )
  const ours = find(goal.ours)
  if (ours === undefined) return []
  if (goal.kind === 'value') return taken(ours.samples)
  const theirs = find(goal.theirs)
  if (theirs === undefined) return []
  const pair = goal.kind === 'ratio' ? pairedRatios : pairedDifferences
  return pair(ours.samples, theirs.samples)
}

function isAbout(goal: Goal, metric: string, measurement: Measurement): boolean {
  return (
    measurement.subject === goal.subject &&
    measurement.profile.startsWith(goal.profile) &&
    measurement.metric === metric
  )
}
