import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAutocannon } from '../load/autocannon.ts'
import { createWrk } from '../load/wrk.ts'
import { choosePinning } from '../measure/pin.ts'
import { cpuMsOf } from '../measure/proc.ts'
import { interleave, orderOfRound } from '../measure/rounds.ts'
import { type CheckedHeaders, checkServer } from '../servers/check-server.ts'
import type { Contestant, ServerPlace } from '../servers/contestants.ts'
import { recordAnswers } from '../servers/record-answers.ts'
import { CONNECTIONS, type ServeProfile } from '../servers/serve-profiles.ts'
import { type BuiltSite, urlsOf } from '../servers/site.ts'
import { type RunningServer, startServer } from '../servers/start.ts'
import type { Runtime } from '../setup/runtimes.ts'
import type { Bench } from './bench.ts'
import type { Slice } from './slices.ts'

/** What the contestants' servers answered with after one start. */
export type Slices = ReadonlyMap<Contestant, readonly (Slice | null)[]>

/** A server that runs, with its name. */
interface Runner {
  readonly contestant: Contestant
  readonly server: RunningServer
}

/** What one stage measures: a profile on a Node. */
export interface Serving {
  readonly profile: ServeProfile
  readonly on: Runtime
  readonly isNewer: boolean
  readonly pace: Pace
}

/** How long a stage is measured. */
export interface Pace {
  /** How often its servers are started anew. */
  readonly starts: number
  /** Seconds of load on each server after a start, before the first slice that counts. */
  readonly warmUp: number
  /** Slices of each server after a start that count. */
  readonly rounds: number
}

/**
 * One slice of load lasts so long. A machine that others share is faster and slower from second to second: of short slices
 * there are more, and those of a round stand closer together.
 */
export const SLICE_SECONDS = 0.3

/** One start of a stage. */
export interface Start {
  readonly site: BuiltSite
  readonly everybody: readonly Contestant[]
  /** Counted from 0. */
  readonly start: number
}

/** Starts all servers, measures them in turn and ends them. */
export async function measureStart(bench: Bench, serving: Serving, parts: Start): Promise<Slices> {
  const work = join(bench.work, 'servers')
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  const runners: Runner[] = []
  try {
    await startAll(bench, serving.profile, { ...parts, work, runners })
    return await measureSlices(bench, serving, { ...parts, runners })
  } finally {
    await Promise.all(runners.map(({ server }) => server.stop()))
  }
}

/** Starts every server, each into `runners`, so that whatever started is stopped even if a later one fails. */
async function startAll(
  bench: Bench,
  profile: ServeProfile,
  { site, everybody, work, runners }: Start & { readonly work: string; readonly runners: Runner[] },
): Promise<void> {
  const place: ServerPlace = { www: site.www, work, answers: join(work, 'answers.json') }
  const { server: core } = choosePinning(bench.tools)
  for (const contestant of everybody) {
    const server = await startServer(await contestant.prepare(place), core).catch((error: Error) =>
      bench.note(`${contestant.name} did not start: ${error.message}`),
    )
    if (server === undefined) continue
    runners.push({ contestant, server })
    // fingerpost is the first: the bare servers give back what it says.
    if (runners.length === 1) {
      await writeFile(place.answers, JSON.stringify(await recordAnswers(server.port, site, profile.paths)))
    }
  }
}

async function measureSlices(
  bench: Bench,
  { profile, pace }: Serving,
  { site, start, runners }: Start & { readonly runners: readonly Runner[] },
): Promise<Slices> {
  const { load: core } = choosePinning(bench.tools)
  const load = bench.tools.versions.wrk === undefined ? createAutocannon(core) : createWrk(core)
  const checked = await checkedRunners(bench, site, profile, runners)
  const measure = async (runner: Runner, seconds: number): Promise<Slice> => {
    const { pid, port } = runner.server
    const before = cpuMsOf(pid)
    const result = await load.run({
      ...{ host: '127.0.0.1', port, paths: urlsOf(site, profile.paths), headers: checked.get(runner) ?? {} },
      ...{ connections: CONNECTIONS, seconds, status: profile.status },
    })
    const after = cpuMsOf(pid)
    return { ...result, cpuMs: before === undefined || after === undefined ? undefined : after - before }
  }
  for (const runner of checked.keys()) await measure(runner, pace.warmUp).catch(() => undefined)
  const slices = await interleave({
    // Each start begins with another one, as each round does.
    contestants: orderOfRound([...checked.keys()], start),
    rounds: pace.rounds,
    measure: (runner) => measure(runner, SLICE_SECONDS),
    onRound: (round) => bench.onRound(start * pace.rounds + round, pace.starts * pace.rounds),
    onFailure: ({ contestant }, error) => bench.note(`${contestant.name}: ${error.message}`),
  })
  return new Map([...slices].map(([{ contestant }, samples]) => [contestant, samples]))
}

/** Those whose answers are right, with the headers to ask them with. */
async function checkedRunners(
  bench: Bench,
  site: BuiltSite,
  profile: ServeProfile,
  runners: readonly Runner[],
): Promise<ReadonlyMap<Runner, CheckedHeaders>> {
  const checked = new Map<Runner, CheckedHeaders>()
  for (const runner of runners) {
    try {
      checked.set(runner, await checkServer(runner.server.port, site, profile))
    } catch (error) {
      bench.note(`${runner.contestant.name} is left out: ${(error as Error).message}`)
    }
  }
  return checked
}
