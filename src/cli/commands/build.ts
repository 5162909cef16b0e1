import { resolve } from 'node:path'
import { buildCollected, type CollectedBuild } from '../../builder/build.ts'
import type { BuildEvent, BuildReport } from '../../builder/report.ts'
import { possibleConfigFiles } from '../../builder/settings/config-file.ts'
import { BUILD_TABLE } from '../../builder/settings/options.ts'
import { FingerpostError } from '../../core/error.ts'
import { flagsOf } from '../../core/option-flag.ts'
import { formatMilliseconds } from '../../report/unit.ts'
import type { Collection } from '../../sources/finder.ts'
import { formatReport } from '../build-summary.ts'
import { type CommandContext, type CommandResult, defineCommand } from '../command.ts'
import type { Output } from '../output.ts'
import { createProgress, type Progress, SILENT_PROGRESS } from '../progress.ts'
import { CONFIG_OPTION, loadSources, type Settings, type SettingsPlace, shortPath } from '../settings.ts'

/** `fingerpost build [SOURCE]...` */
export const command = defineCommand({
  usage: '[SOURCE]...',
  description: `Collect the files of all sources, put a digest into each name, rewrite the references between
    them, compress them and publish the result with its manifest. SOURCE is DIR or npm:PACKAGE/DIR, either after
    PREFIX=; the first source that has a name wins. Without SOURCE, the sources of the config file are built. If a
    reference points to a missing file, nothing is published and the exit code is 1. With --watch, build again after
    every change of a source, a package or the config file, until SIGINT or SIGTERM; a build that fails leaves the one
    before in force.`,
  examples: ['build assets', 'build --watch', 'build assets icons=npm:icons/dist -o public -u /files/'],
  options: {
    ...flagsOf(BUILD_TABLE),
    report: { kind: 'value', value: 'FILE', help: 'Write a page about the build, see fingerpost report' },
    'dry-run': { kind: 'flag', short: 'n', help: 'Do everything except writing the output' },
    watch: { kind: 'flag', short: 'w', help: 'Build again after every change' },
    ...CONFIG_OPTION,
  },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ options, positionals }, context) {
    refuseCombinations(options)
    const load = (place: SettingsPlace) => loadSources(options, positionals, place, 'fingerpost build assets')
    if (options.watch) return watch(load, options.config, context)
    const settings = await load(context)
    const progress = options.json ? SILENT_PROGRESS : createProgress(context.stderr, context.now)
    const mode = options['dry-run'] ? 'dry-run' : 'publish'
    const { report } = await runBuild({ settings, progress, mode }, context)
    if (options.report !== undefined) {
      await saveReport(resolve(context.cwd, options.report), settings, report)
    }
    const out = shortPath(settings.out, context.cwd)
    return {
      json: () => toJson(report, settings.out),
      summary: formatReport(report, out, context.stderr.style),
    }
  },
})

const NOT_WATCHED = {
  json: 'it prints one object at the end',
  report: 'it is about one build. See fingerpost report for the last one',
  'dry-run': 'it keeps nothing current',
} as const

/** @throws FingerpostError `FP_USAGE` for options that contradict each other */
function refuseCombinations(options: Readonly<Record<string, unknown>>): void {
  if (options['report'] !== undefined && options['dry-run'])
    throw new FingerpostError('FP_USAGE', '--report needs a build that is written: leave out --dry-run')
  for (const [name, reason] of options['watch'] ? Object.entries(NOT_WATCHED) : []) {
    if (options[name] !== undefined && options[name] !== false)
      throw new FingerpostError('FP_USAGE', `--watch can't be used with --${name}: ${reason}.`)
  }
}

/** One build of the command. */
interface BuildRun {
  readonly settings: Settings
  readonly progress: Progress
  readonly mode?: 'publish' | 'dry-run'
  readonly onCollected?: (collection: Collection) => void
}

function runBuild(run: BuildRun, { signal, stderr }: CommandContext): Promise<CollectedBuild> {
  const { settings, progress, mode = 'publish', onCollected = () => undefined } = run
  const onProgress = (event: BuildEvent) => showEvent(event, progress, stderr)
  const environment = { cwd: settings.cwd, signal, mode, onProgress }
  return buildCollected(settings.options, environment, onCollected).finally(() => progress.clear())
}

async function watch(
  load: (place: SettingsPlace) => Promise<Settings>,
  config: string | undefined,
  context: CommandContext,
): Promise<CommandResult> {
  const { cwd, stderr, now } = context
  const { watchBuilds } = await import('../watch-builds.ts')
  await watchBuilds(
    {
      configFiles: possibleConfigFiles(cwd, config),
      load: (revision) => load({ cwd, revision }),
      build(settings, onCollected) {
        // A log keeps to a line for each build.
        const progress = stderr.isTerminal ? createProgress(stderr, now) : SILENT_PROGRESS
        return runBuild({ settings, progress, onCollected }, context)
      },
    },
    context,
  )
  return {}
}

async function saveReport(file: string, settings: Settings, report: BuildReport): Promise<void> {
  const { reportOn } = await import('./report.ts')
  const { savePage } = await import('../../report/page.ts')
  const { kind, work, steps } = report
  // The work that made the build, where this run had nothing to do.
  const workOf = kind === 'unchanged' ? {} : { workOf: async () => ({ ...work, steps }) }
  await savePage(file, await reportOn(settings, { cwd: settings.cwd, ...workOf }))
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
