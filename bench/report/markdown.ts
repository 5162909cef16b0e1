import { judgeGoals } from '../result/goals.ts'
import type { BenchRun } from '../result/measurement.ts'
import { GOAL_LEGEND, goalSummary, otherGoals, servingGoals } from './goal-tables.ts'
import { HEADINGS, INTRODUCTION, METHOD, READING, RULES, SUMMARY } from './prose.ts'
import { figuresAsMarkdown } from './readme-figures.ts'
import { type Section, sectionsOf, stagesOf } from './sections.ts'
import { type Table, tableAsMarkdown } from './table.ts'

/** The page `docs/benchmarks.md`: what is measured and the figures that matter, in one screen. */
export function summaryAsMarkdown(runs: readonly BenchRun[]): string {
  const details = 'benchmarks-in-detail.md'
  const parts = [
    '# Benchmarks',
    SUMMARY,
    figuresAsMarkdown(runs, { details, goals: `${details}#goals` }),
    READING,
  ]
  return `${parts.join('\n\n')}\n`
}

/** The page `docs/benchmarks-in-detail.md`: every goal and every figure, and how they are taken. */
export function runsAsMarkdown(runs: readonly BenchRun[]): string {
  const stages = stagesOf(runs)
  const goals = judgeGoals(stages)
  const parts = [
    '# Benchmarks in detail',
    INTRODUCTION,
    '## Goals',
    `${goalSummary(goals)} ${GOAL_LEGEND}`,
    ...[servingGoals(goals, stages), otherGoals(goals)].flatMap(titled),
    RULES,
    ...sectionsOf(runs).flatMap(sectionAsMarkdown),
    '## Machine and versions',
    ...runs.map(runFacts),
  ]
  return `${parts.join('\n\n')}\n`
}

function titled(table: Table): readonly string[] {
  return table.rows.length === 0 ? [] : [`### ${table.title}`, tableAsMarkdown(table)]
}

function sectionAsMarkdown({ subject, parts }: Section): readonly string[] {
  return [
    `## ${HEADINGS[subject]}`,
    METHOD[subject],
    ...parts.flatMap(({ table, origin, notes }) => [
      ...titled(table),
      [`*${origin}*`, ...notes.map((note) => `\\\nnote: ${note}`)].join(''),
    ]),
  ]
}

function runFacts({ command, revision, startedAt, machine, notes }: BenchRun): string {
  return [
    `\`${command}\` at commit ${revision}, begun ${startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    '',
    ...machine.map(([name, value]) => `- ${name}: ${value}`),
    ...notes.map((note) => `- note: ${note}`),
  ].join('\n')
}
