import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandLine } from './command-line.ts'
import { describeMachine, loadNow } from './measure/machine.ts'
import { summariseProfiles } from './profiler/summarise-profiles.ts'
import type { BenchRun, Measurement, Subject } from './result/measurement.ts'
import { compileSuite } from './setup/compile.ts'
import { CACHE, REPOSITORY } from './setup/folders.ts'
import { pinnedVersions } from './setup/packages.ts'
import { describeTree, thisTree } from './setup/product.ts'
import { currentRuntime, newerRuntime } from './setup/runtimes.ts'
import { findTools, type Tools } from './setup/tools.ts'
import type { Bench, MeasureSubject } from './subjects/bench.ts'
import { measureBuilding } from './subjects/build.ts'
import { measureMemory } from './subjects/memory.ts'
import { measureScanning } from './subjects/scan.ts'
import { measureServing } from './subjects/serve.ts'
import { measureStartup } from './subjects/startup.ts'

const MEASURE: Readonly<Record<Subject, MeasureSubject>> = {
  serve: measureServing,
  build: measureBuilding,
  scan: measureScanning,
  startup: measureStartup,
  memory: measureMemory,
}

/** Measures subjects one after the other. A subject that fails leaves a note; the others go on. */
export async function measure(line: CommandLine): Promise<readonly BenchRun[]> {
  const tools = findTools()
  for (const text of tools.missing) say(text)
  await compileSuite()
  await mkdir(CACHE, { recursive: true })
  const work = await mkdtemp(join(CACHE, 'run-'))
  const profileFolder = line.profile ? join(CACHE, 'profiles', String(Date.now())) : undefined
  try {
    const runs: BenchRun[] = []
    for (const subject of line.subjects) {
      runs.push(await measureSubject(subject, { line, tools, work, profileFolder }))
    }
    if (profileFolder !== undefined) say(await summariseProfiles(profileFolder))
    return runs
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

interface Circumstances {
  readonly line: CommandLine
  readonly tools: Tools
  readonly work: string
  readonly profileFolder: string | undefined
}

async function measureSubject(subject: Subject, given: Circumstances): Promise<BenchRun> {
  const startedAt = new Date().toISOString()
  const loadBefore = loadNow()
  const notes: string[] = [...given.tools.missing]
  const measurements: Measurement[] = []
  const bench = await createBench(given, { notes, measurements })
  await MEASURE[subject](bench).catch((error: Error) =>
    bench.note(`${subject} ended early: ${error.message}`),
  )
  const load = `${loadBefore} before, ${loadNow()} after`
  return {
    subject,
    command: commandOf(subject, given.line),
    startedAt,
    finishedAt: new Date().toISOString(),
    revision: await describeTree(),
    machine: [...describeMachine(), ...(await versions(given.tools)), ['load average', load]],
    notes,
    measurements,
  }
}

async function createBench(
  { line, tools, work, profileFolder }: Circumstances,
  found: { readonly notes: string[]; readonly measurements: Measurement[] },
): Promise<Bench> {
  if (profileFolder !== undefined) await mkdir(profileFolder, { recursive: true })
  return {
    settings: { quick: line.quick, maxFiles: line.maxFiles, profileFolder },
    tools,
    product: thisTree(),
    runtime: currentRuntime(),
    newer: line.quick ? undefined : await newerRuntime(say),
    work,
    say,
    record: (measurement) => void found.measurements.push(measurement),
    note(text) {
      say(text)
      found.notes.push(withoutPlaces(text))
    },
  }
}

/** The first line of a message, without the paths of this machine: it may be published. */
function withoutPlaces(text: string): string {
  const [line = ''] = text.split('\n')
  return line.replaceAll(REPOSITORY, '.').replaceAll(process.execPath, 'node').slice(0, 300)
}

async function versions(tools: Tools): Promise<readonly (readonly [string, string])[]> {
  const system = Object.entries(tools.versions)
  const packages = Object.entries(await pinnedVersions('peers')).map(
    ([name, version]) => `${name} ${version}`,
  )
  return [['Node', process.versions.node], ...system, ['peers from npm', packages.join(', ')]]
}

function commandOf(subject: Subject, { quick, profile, maxFiles }: CommandLine): string {
  const options = [
    quick ? '--quick' : '',
    profile ? '--profile' : '',
    maxFiles < 50_000 ? `--max-files ${maxFiles}` : '',
  ].filter(Boolean)
  return ['npm run bench --', subject, ...options].join(' ')
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
