import type { BuildReport } from '../../builder/report.ts'
import { ENCODINGS } from '../../core/encoding.ts'
import type { Output, Style } from '../output.ts'
import { formatProblem, formatProblemCount } from '../problem.ts'
import { formatBytes, formatCount, formatMilliseconds, formatNumberOf } from '../unit.ts'

/** Shadowed and skipped files that are named before the rest is only counted. */
const MOST_NAMED = 5

/** Writes what a build did: warnings first, then what stays on the screen. */
export function writeBuildSummary(report: BuildReport, cwd: string, output: Output): void {
  const { style } = output
  const warnings = report.problems.filter(({ severity }) => severity !== 'note')
  for (const problem of warnings) output.write(formatProblem(problem, style))
  if (report.sources.files === 0) output.write(`${style.yellow('warning')}  the sources have no files\n`)
  output.write(formatLeftOut(report, style))
  output.write(formatHeadline(report, cwd, style))
  output.write(formatSizes(report, style))
}

function formatHeadline(report: BuildReport, cwd: string, style: Style): string {
  const { kind, sources, out, elapsedMs, problems } = report
  const verb = { built: 'built into', unchanged: 'unchanged in', 'dry-run': 'would be built into' }[kind]
  const count = formatProblemCount(problems)
  const warned = count === '' ? '' : `, ${style.yellow(count)}`
  const time = style.dim(`in ${formatMilliseconds(elapsedMs)}`)
  return `${style.green('✓')} ${style.bold(formatNumberOf(sources.files, 'file'))} ${verb} ${formatOut(out, cwd)} ${time}${warned}\n`
}

/** A folder below the working directory as one would type it. */
function formatOut(out: string, cwd: string): string {
  const folder = out.replace(/^folder /, '')
  return folder.startsWith(`${cwd}/`) ? folder.slice(cwd.length + 1) : folder
}

/** A line for each encoding: how many files have it, how many bytes they were and are. */
function formatSizes({ outputs }: BuildReport, style: Style): string {
  const { identity } = outputs
  const rows = [['as is', formatNumberOf(identity.files, 'file'), formatBytes(identity.bytes), '']]
  for (const encoding of ENCODINGS) {
    const { files, bytes, identityBytes } = outputs[encoding]
    if (files === 0) continue
    const saved = identityBytes === 0 ? 0 : Math.round((1 - bytes / identityBytes) * 100)
    rows.push([
      encoding,
      formatNumberOf(files, 'file'),
      formatBytes(bytes),
      `from ${formatBytes(identityBytes)}, ${saved} % smaller`,
    ])
  }
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  const [nameWidth, countWidth, sizeWidth] = [width(0), width(1), width(2)]
  const lines = rows.map(([name = '', count = '', size = '', note = '']) => {
    const cells = `  ${name.padEnd(nameWidth)}  ${count.padEnd(countWidth)}  ${size.padStart(sizeWidth)}`
    return note === '' ? `${cells}\n` : `${cells}  ${style.dim(note)}\n`
  })
  return lines.join('')
}

function formatLeftOut({ shadowed, skipped, leftOut }: BuildReport, style: Style): string {
  const outside = skipped.filter(({ reason }) => reason === 'link-outside')
  return [
    ...leftOut.map(
      (encoding) => `left out  ${encoding}: Node ${process.versions.node} can't make it, 22.15 can`,
    ),
    ...someOf(
      shadowed.map(({ loser, winner }) => `shadowed  ${loser.absolutePath} by ${winner.absolutePath}`),
      'shadowed',
    ),
    ...someOf(
      outside.map(({ absolutePath }) => `skipped   ${absolutePath}: a link that leaves its source`),
      'skipped',
    ),
  ]
    .map((line) => `${style.dim(line)}\n`)
    .join('')
}

function someOf(lines: readonly string[], label: string): readonly string[] {
  if (lines.length <= MOST_NAMED) return lines
  const rest = `${label.padEnd(8)}  and ${formatCount(lines.length - MOST_NAMED)} more (--json names all)`
  return [...lines.slice(0, MOST_NAMED), rest]
}
