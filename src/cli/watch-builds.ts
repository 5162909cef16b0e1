import type { CollectedBuild } from '../builder/build.ts'
import type { BuildReport } from '../builder/report.ts'
import { parseBuildOptions } from '../builder/settings/options.ts'
import { FingerpostError } from '../core/error.ts'
import { formatMilliseconds, formatNumberOf } from '../report/unit.ts'
import type { Collection } from '../sources/finder.ts'
import { parseSource } from '../sources/source.ts'
import { formatReport } from './build-summary.ts'
import { type BuildInputs, type Change, inputsOf, statesOf, statesSince, waitForChanges } from './changes.ts'
import type { CommandContext } from './command.ts'
import type { Style } from './output.ts'
import { formatProblemCount, formatProblems, reportError } from './report.ts'
import { type Settings, shortPath } from './settings.ts'

/** What is built again and again. */
export interface WatchedBuild {
  /** Every file that may be the config file. Absolute. */
  readonly configFiles: readonly string[]
  /** Reads the options. @param revision differs where the config file may have changed */
  readonly load: (revision: string) => Promise<Settings>
  readonly build: (
    settings: Settings,
    onCollected: (collection: Collection) => void,
  ) => Promise<CollectedBuild>
}

/** A build, as the next wait and the next line need it. */
interface FinishedBuild {
  readonly inputs: BuildInputs
  /** Text about warnings, which is repeated only if it changes. */
  readonly warnings: string
  /** Absolute paths of files that only transforms depend on. */
  readonly dependencies: readonly string[]
}

/**
 * Builds, and builds again after every change, until the command is interrupted. A build that fails is reported; the one
 * before stays in force.
 *
 * @throws FingerpostError `FP_USAGE` and `FP_CONFIG` of the first build, and what is a bug
 */
export async function watchBuilds(watched: WatchedBuild, context: CommandContext): Promise<void> {
  const { signal, stderr } = context
  let last = await runOnce(watched, { changes: [], warnings: '', dependencies: [] }, context)
  if (signal.aborted) return
  stderr.write(`Watching ${formatWatched(last.inputs, context)}. Press Ctrl+C to stop.\n`)
  let isPolling = false
  const onPolling = (reason: unknown) => {
    if (isPolling) return
    isPolling = true
    const cause = reason instanceof Error ? reason.message : String(reason)
    stderr.write(`No file system events (${cause}): looking at the files every half second instead.\n`)
  }
  for (;;) {
    const changes = await waitForChanges(last.inputs, { signal, onPolling })
    if (changes === undefined) return
    last = await runOnce(watched, { ...last, changes }, context)
    if (signal.aborted) return
  }
}

/** Why a build runs, and what the one before has left. */
interface BuildCause extends Omit<FinishedBuild, 'inputs'> {
  /** None for the first build. */
  readonly changes: readonly Change[]
}

async function runOnce(
  watched: WatchedBuild,
  { changes, warnings, dependencies }: BuildCause,
  context: CommandContext,
): Promise<FinishedBuild> {
  const { stderr, signal } = context
  const { style } = stderr
  const others = statesOf(watched.configFiles)
  const known = statesOf(dependencies)
  const startedAt = Date.now()
  let ignored: BuildInputs['others'] = new Map()
  let inputs: BuildInputs = { others }
  const finish = (states: BuildInputs['others'], text: string): FinishedBuild => ({
    inputs: { ...inputs, others: new Map([...inputs.others, ...states]) },
    warnings: text,
    dependencies: [...states.keys()],
  })
  try {
    const settings = await watched.load([...others.values()].join(''))
    const config = parseBuildOptions(settings.options, settings.cwd)
    inputs = inputsOf(others, config)
    const { report, ...built } = await watched.build(settings, ({ files, skipped }) => {
      inputs = inputsOf(others, config, files)
      ignored = statesOf(skipped.map(({ absolutePath }) => absolutePath))
    })
    const problems = report.problems.filter(({ severity }) => severity !== 'note')
    const current = formatProblems(problems, style)
    if (changes.length === 0) {
      // Later builds get a line.
      stderr.write(formatReport(report, shortPath(settings.out, context.cwd), style))
    } else {
      if (current !== warnings) stderr.write(current)
      writeLine(formatBuilt(changes, report, style), context)
    }
    const files = new Set(Array.from(inputs.files?.values() ?? [], ({ absolutePath }) => absolutePath))
    const read = built.dependencies.filter((path) => !files.has(path))
    const states = Array.from(statesSince(read, startedAt))
    return finish(new Map(states.map(([path, state]) => [path, known.get(path) ?? state])), current)
  } catch (error) {
    if (!signal.aborted) reportFailure(error, changes, context)
    // A transform that fails can't name its dependencies: the fault may be in any file that only transforms read.
    const isTransform = error instanceof FingerpostError && error.code === 'FP_TRANSFORM'
    return finish(isTransform ? new Map([...ignored, ...known]) : known, warnings)
  }
}

/** @throws the error itself where the watch can't go on */
function reportFailure(error: unknown, changes: readonly Change[], context: CommandContext): void {
  const code = error instanceof FingerpostError ? error.code : 'FP_INTERNAL'
  const isFirst = changes.length === 0
  const isUnusable = isFirst && (code === 'FP_USAGE' || code === 'FP_CONFIG')
  if (isUnusable || code === 'FP_INTERNAL') throw error
  if (code === 'FP_CHANGED') {
    writeLine('a file has changed during the build', context)
    return
  }
  reportError(error, context)
  const { style } = context.stderr
  const cause = isFirst ? '' : `${formatChanges(changes, style)}, `
  writeLine(`${style.red('✗')} ${cause}not built`, context)
}

/** A line with the local time: `14:03:22 ✓ css/site.css changed, built in 84 ms`. */
function writeLine(text: string, { stderr, now }: CommandContext): void {
  stderr.write(`${stderr.style.dim(new Date(now()).toTimeString().slice(0, 8))} ${text}\n`)
}

function formatBuilt(changes: readonly Change[], report: BuildReport, style: Style): string {
  const { kind, elapsedMs, problems } = report
  const time = style.dim(`in ${formatMilliseconds(elapsedMs)}`)
  const count = formatProblemCount(problems)
  const warned = count === '' ? '' : `, ${style.yellow(count)}`
  const outcome = kind === 'unchanged' ? 'nothing to build' : `built ${time}`
  return `${style.green('✓')} ${formatChanges(changes, style)}, ${outcome}${warned}`
}

/** `css/site.css and 2 more files changed`. */
function formatChanges([first, ...rest]: readonly Change[], style: Style): string {
  const more = rest.length === 0 ? '' : ` and ${formatNumberOf(rest.length, 'more file')}`
  return `${style.bold(first?.name ?? '')}${more} changed`
}

/** The sources as one would type them. */
function formatWatched({ config }: BuildInputs, { cwd }: CommandContext): string {
  if (config === undefined) return 'the config file'
  const folders = config.sources.map((source) => {
    if (typeof source === 'object' && 'package' in source) return source.package
    return shortPath(parseSource(source, config.cwd).folder, cwd)
  })
  return folders.join(', ')
}
