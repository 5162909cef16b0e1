import type { BuildReport } from '../builder/report.ts'
import { ENCODINGS } from '../core/encoding.ts'
import { formatBytes, formatMilliseconds, formatNumberOf } from '../report/unit.ts'
import type { Style } from './output.ts'
import { formatProblemCount, formatProblems, formatSome } from './report.ts'

/** What a build did. Warnings first, then what should stay on the screen. */
export function formatReport(report: BuildReport, out: string, style: Style): string {
  const warnings = report.problems.filter(({ severity }) => severity !== 'note')
  const empty = report.sources.files === 0 ? `${style.yellow('warning:')} The sources have no files.\n` : ''
  return [
    formatProblems(warnings, style),
    empty,
    style.dim(formatLeftOut(report)),
    formatHeadline(report, out, style),
    formatSizes(report, style),
    formatDeltas(report),
  ].join('')
}

function formatHeadline(
  { kind, sources, elapsedMs, problems }: BuildReport,
  out: string,
  style: Style,
): string {
  const verb = { built: 'built into', unchanged: 'unchanged in', 'dry-run': 'would be built into' }[kind]
  const count = formatProblemCount(problems)
  const warned = count === '' ? '' : `, ${style.yellow(count)}`
  const time = style.dim(`in ${formatMilliseconds(elapsedMs)}`)
  const files = style.bold(formatNumberOf(sources.files, 'file'))
  return `${style.green('✓')} ${files} ${verb} ${out} ${time}${warned}\n`
}

/** A line for each encoding: how many files have it, and their bytes with and without it. */
function formatSizes({ outputs }: BuildReport, style: Style): string {
  const { identity } = outputs
  const rows = [['original', formatNumberOf(identity.files, 'file'), formatBytes(identity.bytes), '']]
  for (const encoding of ENCODINGS) {
    const { files, bytes, identityBytes } = outputs[encoding]
    if (files === 0) continue
    const saved = identityBytes === 0 ? 0 : Math.round((1 - bytes / identityBytes) * 100)
    const note = `from ${formatBytes(identityBytes)}, ${saved} % smaller`
    rows.push([encoding, formatNumberOf(files, 'file'), formatBytes(bytes), note])
  }
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0))
  const lines = rows.map(([name = '', count = '', size = '', note = '']) => {
    const cells = `  ${name.padEnd(width(0))}  ${count.padEnd(width(1))}  ${size.padStart(width(2))}`
    return note === '' ? `${cells}\n` : `${cells}  ${style.dim(note)}\n`
  })
  return lines.join('')
}

function formatDeltas({ kind, deltas }: BuildReport): string {
  if (kind !== 'built' || deltas === undefined) return ''
  return `  returning visitors download ${formatBytes(deltas.bytes)} of ${formatBytes(deltas.wholeBytes)}\n`
}

/** The oldest Node that has an encoder. */
const NODE_SINCE: Readonly<Record<BuildReport['leftOut'][number], string>> = {
  ...{ br: '20', gzip: '20', zstd: '22.15' },
  ...{ dcb: '24.15', dcz: '22.19 or 24.6' },
}

/** Shadowed and skipped files that are listed before the rest is only counted. */
const LISTED_FILES = 5

function formatLeftOut({ shadowed, skipped, leftOut }: BuildReport): string {
  const outside = skipped.filter(({ reason }) => reason === 'link-outside')
  return [
    ...leftOut.map(
      (encoding) =>
        `skipped   ${encoding}: needs Node ${NODE_SINCE[encoding]}, this is ${process.versions.node}\n`,
    ),
    formatSome(
      shadowed,
      LISTED_FILES,
      'shadowed files',
      ({ loser, winner }) => `shadowed  ${loser.absolutePath} by ${winner.absolutePath}\n`,
    ),
    formatSome(
      outside,
      LISTED_FILES,
      'skipped files',
      ({ absolutePath }) => `skipped   ${absolutePath}: a link that leaves its source\n`,
    ),
  ].join('')
}
