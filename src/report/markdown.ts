import type { BuildChanges, FileChange } from './changes.ts'
import type { SiteReport } from './site-report.ts'
import { formatBytes, formatCount } from './unit.ts'

/** Changed files that a summary lists. */
const MAX_LISTED = 20

/** A summary for the log or the comment of a CI run: GitHub's Markdown. */
export function formatMarkdown({ totals, changes }: SiteReport): string {
  const [latest] = changes
  const now = `| now | ${formatCount(totals.files)} | ${formatBytes(totals.bytes)} | ${formatBytes(totals.download)} |\n`
  const head = '### Static files\n\n| | Files | Original | Download |\n| --- | --: | --: | --: |\n'
  return latest === undefined ? head + now : `${head}${now}\n${formatChanges(latest)}`
}

/** The growth of a site since an earlier build, as a share of that: 0.05 for five percent. */
export function growthOf({ growth, before }: BuildChanges): number {
  return before === 0 ? (growth > 0 ? Number.POSITIVE_INFINITY : 0) : growth / before
}

/** `+1.2 kB (+3.4 %)` */
export function formatGrowth(changes: BuildChanges): string {
  const sign = changes.growth < 0 ? '−' : '+'
  const share = Math.abs(growthOf(changes) * 100)
  const percent = Number.isFinite(share) ? ` (${sign}${share.toFixed(1)} %)` : ''
  return `${sign}${formatBytes(Math.abs(changes.growth))}${percent}`
}

/** What a visitor of the earlier build downloads. */
export function formatDownload({ download, downloadWithDeltas }: BuildChanges): string {
  const whole = formatBytes(download)
  if (downloadWithDeltas === undefined) return `A returning visitor downloads ${whole}.`
  return `A returning visitor downloads ${formatBytes(downloadWithDeltas)}, or ${whole} without dictionaries.`
}

function formatChanges(changes: BuildChanges): string {
  const { since, files } = changes
  const rows = files.slice(0, MAX_LISTED).map(formatRow)
  const more = files.length > MAX_LISTED ? `\n… and ${formatCount(files.length - MAX_LISTED)} more\n` : ''
  const list = `\n| Change | File | Download |\n| --- | --- | --: |\n${rows.join('')}${more}`
  return [
    `Since ${codeOf(since)}: ${formatGrowth(changes)} to download. `,
    `${formatDownload(changes)}\n`,
    files.length === 0 ? '' : list,
  ].join('')
}

function formatRow({ kind, path, download, because = [] }: FileChange): string {
  const why = because.length === 0 ? '' : ` (${because.slice(1).map(codeOf).join(' → ')})`
  return `| ${kind}${why} | ${codeOf(path)} | ${formatBytes(download)} |\n`
}

/** Text in a code span of a table: a backtick would end the one, a bar the other. */
function codeOf(text: string): string {
  return `\`${text.replace(/[`|\n\r]/g, '?')}\``
}
