import { pairedRatios } from '../measure/pairs.ts'
import { median } from '../measure/statistics.ts'
import type { GoalResult } from '../result/goals.ts'
import type { StageResult } from '../result/measurement.ts'
import { formatFigure } from './figures.ts'
import type { Cell, Table } from './table.ts'

/** What the marks in these tables mean. */
export const GOAL_LEGEND =
  'Each cell shows the figure that decides and, in parentheses, the same by processor time, which decides nothing. ✓ met, ✗ missed, * measured while other programs had more than a tenth of the machine.'

/** The serving goals, a line per goal and Node, a column per profile. */
export function servingGoals(results: readonly GoalResult[], stages: readonly StageResult[]): Table {
  const mine = results.filter(({ goal }) => goal.subject === 'serve')
  const columns = [...new Set(mine.map(profileOf))]
  // Goals of the same peer, Node and bound stand in one line.
  const firsts = mine.filter((one, index) => mine.findIndex((other) => isSameLine(one, other)) === index)
  const rows = firsts.map((first) => {
    const find = (column: string) => mine.find((one) => isSameLine(one, first) && profileOf(one) === column)
    return [nameOf(first), formatBound(first), ...columns.map((column) => judgedCell(find(column)))]
  })
  return {
    title: 'Serving: requests a second of fingerpost ÷ those of the other (higher is better)',
    head: ['', 'goal', ...columns],
    rows: [...rows, ...rowsWithoutGoal(columns, stages)],
  }
}

/** All other goals, a line each. */
export function otherGoals(results: readonly GoalResult[]): Table {
  const mine = results.filter(({ goal }) => goal.subject !== 'serve')
  return {
    title: 'Building, starting, memory, developing, scanning',
    head: ['', 'goal', 'measured', 'rounds'],
    rows: mine.map((result) => [
      `${[result.profile, result.goal.metric, against(result)].filter(Boolean).join(', ')} ${directionOf(result)}`,
      formatBound(result),
      judgedCell(result),
      String(result.rounds),
    ]),
  }
}

/** `31 of 38 goals are met.` */
export function goalSummary(results: readonly GoalResult[]): string {
  const met = results.filter((one) => one.met).length
  const disturbed = results.filter((one) => one.disturbed).length
  const quiet =
    disturbed === 0
      ? ''
      : ` ${disturbed} ${disturbed === 1 ? 'was' : 'were'} measured on a disturbed machine.`
  return `${met} of ${results.length} goals are met.${quiet}`
}

/**
 * What no goal asks but what explains the goals: how far the mode without hooks gets, how far anything can get that runs
 * them (the least that a route of Fastify does), and how far Node itself gets beside nginx.
 */
const WITHOUT_GOAL = [
  ['fingerpost shortCircuit', 'bare node:http'],
  ['hijacked Fastify', 'bare node:http'],
  ['fingerpost shortCircuit', 'nginx'],
  ['bare node:http', 'nginx'],
] as const

function rowsWithoutGoal(
  columns: readonly string[],
  stages: readonly StageResult[],
): readonly (readonly Cell[])[] {
  const runtimes = [
    ...new Set(stages.flatMap(({ subject, stage }) => (subject === 'serve' ? [nodeOf(stage)] : []))),
  ]
  return WITHOUT_GOAL.flatMap(([one, other]) =>
    runtimes.flatMap((runtime) => {
      const cells = columns.map((column) => ratioCell(stages, `${column}, ${runtime}`, one, other))
      const isEmpty = cells.every((cell) => cell === '')
      return isEmpty ? [] : [[`${one} ÷ ${other}, ${runtime}`, 'no goal', ...cells]]
    }),
  )
}

function ratioCell(stages: readonly StageResult[], profile: string, one: string, other: string): string {
  const measurements = stages.flatMap((stage) => stage.measurements)
  const ratioOf = (metric: string) => {
    const samples = (contestant: string) =>
      measurements.find(
        (each) =>
          each.subject === 'serve' &&
          each.profile === profile &&
          each.contestant === contestant &&
          each.metric === metric,
      )?.samples ?? []
    return median(pairedRatios(samples(one), samples(other)))
  }
  const ratio = ratioOf('requests/s')
  const second = ratioOf('requests per processor second')
  return Number.isNaN(ratio) ? '' : `${ratio.toFixed(2)}\u00a0× (${second.toFixed(2)}\u00a0×)`
}

function judgedCell(result: GoalResult | undefined): Cell {
  if (result === undefined) return ''
  const { goal, measured, second, met, disturbed } = result
  const format = (value: number) =>
    goal.subject === 'serve' ? `${value.toFixed(2)}\u00a0×` : formatFigure(value, goal.unit)
  const figures = second === undefined ? format(measured) : `${format(measured)} (${format(second)})`
  return { text: `${figures}${disturbed ? '*' : ''}`, tone: met ? 'met' : 'missed' }
}

function formatBound({ goal: { bound, value, unit, kind } }: GoalResult): string {
  return `${bound} ${formatFigure(value, unit)}${kind === 'difference' ? ' more' : ''}`
}

function directionOf({ goal: { bound } }: GoalResult): string {
  return bound === 'at least' ? '↑' : '↓'
}

function against({ goal: { theirs } }: GoalResult): string {
  return theirs === undefined ? '' : `against ${theirs}`
}

function isSameLine(a: GoalResult, b: GoalResult): boolean {
  return nameOf(a) === nameOf(b) && a.goal.value === b.goal.value
}

function nameOf({ goal, profile }: GoalResult): string {
  return `${goal.theirs}, ${nodeOf(profile)}`
}

/** `20 files, Node 20.20.2` → `20 files` */
function profileOf({ profile }: GoalResult): string {
  return profile.slice(0, profile.indexOf(', '))
}

/** `20 files, Node 20.20.2` → `Node 20.20.2` */
function nodeOf(profile: string): string {
  return profile.slice(profile.indexOf(', ') + 2)
}
