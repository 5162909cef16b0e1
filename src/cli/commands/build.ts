import { resolve } from 'node:path'
import { build } from '../../builder/build.ts'
import type { BuildEvent, BuildReport, BuildStep } from '../../builder/report.ts'
import { BUILD_TABLE } from '../../builder/settings/options.ts'
import { ENCODINGS } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { flagsOf } from '../../core/option-flag.ts'
import type { ReportedWork } from '../../report/site-report.ts'
import { formatBytes, formatMilliseconds, formatNumberOf } from '../../report/unit.ts'
import { defineCommand } from '../command.ts'
import type { Output, Style } from '../output.ts'
import { createProgress, type Progress, SILENT_PROGRESS } from '../progress.ts'
import { formatProblemCount, formatProblems, formatSome } from '../report.ts'
import { CONFIG_OPTION, loadSources, type Settings, shortPath } from '../settings.ts'

/** `fingerpost build [SOURCE]...` */
export const command = defineCommand({
  usage: '[SOURCE]...',
  description: `Collect the files of all sources, put a digest into each name, rewrite the references between
    them, compress them and publish the result with its manifest. SOURCE is DIR or npm:PACKAGE/DIR, either after
    PREFIX=; the first source that has a name wins. Without SOURCE, the sources of the config file are built. If a
    reference points to a missing file, nothing is published and the exit code is 1.`,
  examples: ['build assets', 'build assets icons=npm:icons/dist -o public -u /files/'],
  options: {
    ...flagsOf(BUILD_TABLE),
    report: { kind: 'value', value: 'FILE', help: 'Write a page about the build, see fingerpost report' },
    'dry-run': { kind: 'flag', short: 'n', help: 'Do everything except writing the output' },
    ...CONFIG_OPTION,
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ options, positionals }, context) {
    if (options.report !== undefined && options['dry-run']) {
      throw new FingerpostError('FP_USAGE', '--report needs a build that is written: leave out --dry-run')
    }
    const settings = await loadSources(options, positionals, context, 'fingerpost build assets')
    const progress = options.json ? SILENT_PROGRESS : createProgress(context.stderr, context.now)
    const steps = createStepClock(context.now)
    const report = await build(settings.options, {
      cwd: settings.cwd,
      signal: context.signal,
      mode: options['dry-run'] ? 'dry-run' : 'publish',
      onProgress(event) {
        if (event.kind === 'step') steps.enter(event.step)
        showEvent(event, progress, context.stderr)
      },
    }).finally(() => progress.clear())
    if (options.report !== undefined) {
      const work = { ...report.work, steps: steps.finish() }
      await saveReport(resolve(context.cwd, options.report), settings, work)
    }
    const out = shortPath(settings.out, context.cwd)
    return {
      json: () => toJson(report, settings.out),
      summary: formatReport(report, out, context.stderr.style),
    }
  },
})

async function saveReport(file: string, settings: Settings, work: ReportedWork): Promise<void> {
  const { reportOn } = await import('./report.ts')
  const { savePage } = await import('../../report/page.ts')
  await savePage(file, await reportOn(settings, { cwd: settings.cwd, work }))
}

/** Measures how long each step takes. */
function createStepClock(now: () => number) {
  const steps: Partial<Record<BuildStep, number>> = {}
  let current: { readonly step: BuildStep; readonly since: number } | undefined
  const leave = () => {
    if (current !== undefined) steps[current.step] = now() - current.since
  }
  return {
    enter(step: BuildStep) {
      leave()
      current = { step, since: now() }
    },
    finish() {
      leave()
      return steps
    },
  }
}

function showEvent(event: BuildEvent, progress: Progress, stderr: Output): void {
  switch (event.kind) {
    case 'step':
      progress.show({ step: event.step, done: 0, total: 0 })
      break
    case 'progress':
      progress.show({ ...event, share: event.totalBytes === 0 ? 1 : event.bytes / event.totalBytes })
      break
    case 'waiting': {
      const since = formatMilliseconds(event.ageSeconds * 1000)
      progress.clear()
      stderr.write(`Waiting for another build (process ${event.pid}, running for ${since}) …\n`)
      break
    }
    default:
      event satisfies never
  }
}

/** The report with the names of the manifest only; `manifest.json` has the rest. */
function toJson({ manifest, ...report }: BuildReport, out: string): Record<string, unknown> {
  const names = Array.from(manifest.assets, ([path, { file }]) => [path, file])
  return { ...report, out, url: manifest.url, digest: manifest.digest, assets: Object.fromEntries(names) }
}

/** Warnings first, then what should stay on the screen. */
function formatReport(report: BuildReport, out: string, style: Style): string {
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
