import { type Comparison, compareProfiles, OURS, type ProfileFigures } from '../result/comparison.ts'
import { judgeGoals } from '../result/goals.ts'
import type { BenchRun } from '../result/measurement.ts'
import { formatFigure } from './figures.ts'
import { goalSummary } from './goal-tables.ts'
import { titleOf } from './profile-table.ts'
import { stagesOf } from './sections.ts'
import { SHARE_TITLE } from './series-tables.ts'
import { anchorOf } from './table.ts'

const PAGE = 'docs/benchmarks.md'
const BEGIN = '<!-- figures: written by `npm run bench -- report` -->'
const END = '<!-- end of figures -->'

/** The README with its figures brought up to date. What stands outside the two comments stays. @throws Error without them */
export function withFigures(readme: string, runs: readonly BenchRun[]): string {
  const [before, rest] = readme.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) {
    throw new Error(`The README has no place for figures, between ${BEGIN} and ${END}.`)
  }
  return `${before}${BEGIN}\n${figuresOf(runs)}\n${END}${after}`
}

/** One sentence a claim, each with a link to the table it comes from. Claims that nobody measured are left out. */
function figuresOf(runs: readonly BenchRun[]): string {
  const stages = stagesOf(runs)
  const profiles = compareProfiles(stages.flatMap(({ measurements }) => measurements))
  const goals = judgeGoals(stages)
  const claims = [
    ...servingClaims(profiles),
    ...buildingClaims(profiles),
    ...goals
      .filter(({ goal }) => goal.kind === 'total ratio')
      .map(
        ({ measured }) =>
          `Finding every reference of twenty real packages takes ${link(`${(measured * 100).toFixed(1)} %`, SHARE_TITLE)} of the processor time of their cold builds`,
      ),
  ]
  return [
    ...claims.map((claim) => `- ${claim}`),
    `- ${goalSummary(goals).replace(/\.$/, '')} ([all of them](${PAGE}#goals))`,
  ].join('\n')
}

function servingClaims(profiles: readonly ProfileFigures[]): readonly string[] {
  return profiles
    .filter(({ subject, profile }) => subject === 'serve' && profile.startsWith('20 files, '))
    .flatMap((figures) => {
      const ratios = ratiosOf(figures, 'requests/s')
      if (ratios.length === 0) return []
      const node = figures.profile.slice('20 files, '.length)
      return [`Requests a second, twenty files of 3 to 300 KB, ${node}: ${ratios.join(', ')}`]
    })
}

function buildingClaims(profiles: readonly ProfileFigures[]): readonly string[] {
  return profiles
    .filter(({ subject, profile }) => subject === 'build' && /^\D.*, (cold|warm)$/.test(profile))
    .flatMap((figures) => {
      const time = timeOf(figures)
      if (time === undefined) return []
      const ratios = ratiosOf(figures, 'wall time')
      const beside = ratios.length === 0 ? '' : `, ${ratios.join(', ')}`
      return [`Building ${figures.profile}: ${link(time, titleOf(figures))}${beside}`]
    })
}

function timeOf({ comparisons }: ProfileFigures): string | undefined {
  const time = comparisons.find(({ metric }) => metric === 'wall time')
  const ours = time?.rows.find(({ contestant }) => contestant === OURS)
  return ours === undefined ? undefined : formatFigure(ours.samples.median, 'ms')
}

function ratiosOf(figures: ProfileFigures, metric: string): readonly string[] {
  const comparison: Comparison | undefined = figures.comparisons.find((one) => one.metric === metric)
  return (comparison?.rows ?? []).flatMap(({ contestant, ratio }) =>
    ratio === undefined || contestant.startsWith(OURS)
      ? []
      : [`${link(formatFigure(ratio.median, '×'), titleOf(figures))} ${contestant}`],
  )
}

function link(text: string, title: string): string {
  return `[${text}](${PAGE}#${anchorOf(title)})`
}
