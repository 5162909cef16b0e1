import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandLine } from './command-line.ts'
import { describeMachine } from './measure/machine.ts'
import { watchNeighbours } from './measure/neighbours.ts'
import { installFor, newerRuntimeFor, planStages } from './plan.ts'
import { summariseProfiles } from './profiler/summarise-profiles.ts'
import { createProgress, type Progress } from './progress.ts'
import type { BenchRun, Measurement, StageResult } from './result/measurement.ts'
import { compileSuite } from './setup/compile.ts'
import { CACHE, REPOSITORY } from './setup/folders.ts'
import { pinnedVersions } from './setup/packages.ts'
import { describeTree, thisTree } from './setup/product.ts'
import { currentRuntime } from './setup/runtimes.ts'
import { findTools, type Tools } from './setup/tools.ts'
import type { Bench, Stage } from './subjects/bench.ts'

/** What happens around a measurement. */
export interface Watch {
  /** Tells the person waiting. */
  say(text: string): void
  /** Tells which round of the current stage begins. */
  onRound(round: number, rounds: number): void
  /** Given what there is after every stage, so that an interrupted run keeps it. */
  save(run: BenchRun): Promise<void>
  /** Aborted when the person has waited enough: the current stage ends, no further one begins. */
  readonly signal: AbortSignal
}

/** Measures stage after stage. One that fails leaves a note; the others go on. */
export async function measureStages(line: CommandLine, watch: Watch): Promise<BenchRun> {
  const tools = findTools()
  for (const text of tools.missing) watch.say(text)
  await compileSuite()
  await installFor(line.subjects, watch.say)
  await mkdir(CACHE, { recursive: true })
  const work = await mkdtemp(join(CACHE, 'run-'))
  const profileFolder = line.profile ? join(CACHE, 'profiles', String(Date.now())) : undefined
  if (profileFolder !== undefined) await mkdir(profileFolder, { recursive: true })
  try {
    const newer = await newerRuntimeFor(line, watch.say)
    const settings = { quick: line.quick, maxFiles: line.maxFiles, profileFolder }
    const runtime = currentRuntime()
    const all = planStages(line.subjects, { settings, runtime, newer })
    const stages = all.filter(({ name }) => name.includes(line.only))
    if (stages.length === 0) throw new Error(`Nothing is called ${line.only}. There are:\n${namesOf(all)}`)
    const bench = { settings, tools, product: thisTree(), runtime, work, ...watch }
    const run = await measureAll(stages, bench, await describeRun(line, tools), { ...watch, line })
    if (profileFolder !== undefined) watch.say(await summariseProfiles(profileFolder))
    return run
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function namesOf(stages: readonly Stage[]): string {
  return stages.map((stage) => `  ${titleOf(stage)}`).join('\n')
}

/** A bench without the places where a stage's findings go. */
type BenchBase = Omit<Bench, 'record' | 'note'>

async function measureAll(
  stages: readonly Stage[],
  bench: BenchBase,
  begun: BenchRun,
  { line, say, save, signal }: Watch & { readonly line: CommandLine },
): Promise<BenchRun> {
  const progress = createProgress(stages)
  const deadline = performance.now() + line.minutes * 60_000
  let run = begun
  const leftOut: Stage[] = []
  for (const stage of stages) {
    if (signal.aborted || !hasTime(stage, progress, deadline)) {
      leftOut.push(stage)
      progress.finish(stage, undefined)
      continue
    }
    say(progress.begin(stage))
    const started = performance.now()
    run = withResult(run, await measureStage(stage, bench))
    progress.finish(stage, (performance.now() - started) / 1000)
    await save(run)
  }
  if (leftOut.length === 0) return run
  const reason = signal.aborted ? 'interrupted' : 'no time left'
  run = withNotes(run, [`left out, ${reason}: ${leftOut.map(titleOf).join('; ')}`])
  await save(run)
  return run
}

function titleOf({ subject, name }: Stage): string {
  return `${subject}, ${name}`
}

function hasTime(stage: Stage, progress: Progress, deadline: number): boolean {
  return performance.now() + progress.expect(stage) * 1000 <= deadline
}

async function measureStage(stage: Stage, base: BenchBase): Promise<StageResult> {
  const notes: string[] = []
  const measurements: Measurement[] = []
  const bench: Bench = {
    ...base,
    record: (measurement) => void measurements.push(measurement),
    note(text) {
      const note = withoutPlaces(text)
      if (notes.includes(note)) return
      base.say(text)
      notes.push(note)
    },
  }
  const startedAt = new Date().toISOString()
  const endWatch = watchNeighbours()
  await stage.measure(bench).catch((error: Error) => bench.note(`ended early: ${error.message}`))
  const { load, others } = endWatch()
  const finishedAt = new Date().toISOString()
  const { subject, name } = stage
  return { subject, stage: name, startedAt, finishedAt, load, others, notes, measurements }
}

/** A stage that found nothing is a note, so that it doesn't take the place of what an earlier run found. */
function withResult(run: BenchRun, result: StageResult): BenchRun {
  if (result.measurements.length > 0) return { ...run, results: [...run.results, result] }
  return withNotes(
    run,
    result.notes.map((note) => `${result.subject}, ${result.stage}: ${note}`),
  )
}

function withNotes(run: BenchRun, notes: readonly string[]): BenchRun {
  return { ...run, notes: [...run.notes, ...notes] }
}

async function describeRun(line: CommandLine, tools: Tools): Promise<BenchRun> {
  return {
    command: commandOf(line),
    startedAt: new Date().toISOString(),
    revision: await describeTree(),
    machine: [...describeMachine(), ...(await versions(tools))],
    notes: tools.missing,
    results: [],
  }
}

async function versions(tools: Tools): Promise<readonly (readonly [string, string])[]> {
  const system = Object.entries(tools.versions)
  const packages = Object.entries(await pinnedVersions('peers')).map(
    ([name, version]) => `${name} ${version}`,
  )
  return [['Node', process.versions.node], ...system, ['peers from npm', packages.join(', ')]]
}

/** The command that takes the same figures again. */
function commandOf({ named, only, quick, profile, maxFiles }: CommandLine): string {
  const options = [
    ...named,
    ...(only === '' ? [] : [`--only '${only}'`]),
    ...(quick ? ['--quick'] : []),
    ...(profile ? ['--profile'] : []),
    ...(maxFiles < 50_000 ? [`--max-files ${maxFiles}`] : []),
  ]
  return ['npm run bench', ...(options.length === 0 ? [] : ['--', ...options])].join(' ')
}

/** What a failure comes to, without the paths of this machine: it may be published. */
function withoutPlaces(text: string): string {
  const [first = '', ...rest] = text.split('\n')
  const cause = rest.find((line) => /^\w*Error\b/.test(line))
  const short = cause === undefined ? first : `${first.slice(0, 100)} …: ${cause}`
  return short.replaceAll(REPOSITORY, '.').replaceAll(process.execPath, 'node').slice(0, 300)
}
