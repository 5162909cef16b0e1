import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildSite } from '../builders/build-site.ts'
import { createAutocannon } from '../load/autocannon.ts'
import { createWrk } from '../load/wrk.ts'
import { choosePinning } from '../measure/pin.ts'
import { cpuMsOf } from '../measure/proc.ts'
import { interleave } from '../measure/rounds.ts'
import { profilerOptions } from '../profiler/node-options.ts'
import { servingSource } from '../profiles/sites.ts'
import { type CheckedHeaders, checkServer } from '../servers/check-server.ts'
import {
  type Contestant,
  nginxContestant,
  nodeContestant,
  type ServerPlace,
  sendfileContestant,
  whitenoiseContestant,
} from '../servers/contestants.ts'
import { recordAnswers } from '../servers/record-answers.ts'
import { CONNECTIONS, SERVE_PROFILES, type ServeProfile } from '../servers/serve-profiles.ts'
import { type BuiltSite, readSite, urlsOf } from '../servers/site.ts'
import { type RunningServer, startServer } from '../servers/start.ts'
import type { Runtime } from '../setup/runtimes.ts'
import type { Bench, PlanSubject } from './bench.ts'
import { recordSlices, type Slice } from './slices.ts'

/** A server that runs, with its name. */
interface Runner {
  readonly contestant: Contestant
  readonly server: RunningServer
}

/** What one stage measures: a profile on a Node. */
interface Serving {
  readonly profile: ServeProfile
  readonly on: Runtime
  /** Slices of each server before the first that counts. */
  readonly warmUps: number
  readonly rounds: number
  readonly isNewer: boolean
}

/** One slice of load lasts so long; longer ones don't make the median of ratios any steadier. */
const SLICE_SECONDS = 1

/** Serving: every server alone on one core, the load from another, slices of load in turn. A stage per profile and Node. */
export const planServing: PlanSubject = ({ settings, runtime, newer }) => {
  const profiles = settings.quick ? SERVE_PROFILES.slice(0, 1) : SERVE_PROFILES
  // V8 compiles on the server's own core, and is done with most of it after about two seconds.
  const [warmUps, rounds] = settings.quick ? [1, 1] : [2, 5]
  const runtimes = [runtime, ...(newer === undefined ? [] : [newer])]
  return runtimes.flatMap((on) =>
    profiles.map((profile) => {
      const isNewer = on !== runtime
      const slices = (rounds + warmUps) * (isNewer ? 7 : 9)
      return {
        subject: 'serve',
        name: stageName(profile, on),
        seconds: 4 + slices * (SLICE_SECONDS + 0.05),
        measure: (bench) => measureServing(bench, { profile, on, warmUps, rounds, isNewer }),
      }
    }),
  )
}

function stageName({ name }: ServeProfile, on: Runtime): string {
  return `${name}, ${on.name}`
}

async function measureServing(bench: Bench, serving: Serving): Promise<void> {
  const site = await servedSite(bench)
  const work = join(bench.work, 'servers')
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  const runners: Runner[] = []
  try {
    await startAll(bench, serving, { site, work, runners })
    await measureSlices(bench, serving, site, runners)
  } finally {
    await Promise.all(runners.map(({ server }) => server.stop()))
  }
}

/** Builds the served site; after the first time that is quick. All servers serve this build. */
async function servedSite(bench: Bench): Promise<BuiltSite> {
  const www = join(bench.work, 'www')
  const { runtime, product } = bench
  const out = join(www, 'static')
  await buildSite({ node: runtime.path, dist: product.dist, source: await servingSource(), out })
  return readSite(www)
}

/** Starts every server, each into `runners`, so that whatever started is stopped even if a later one fails. */
async function startAll(
  bench: Bench,
  { profile, on, isNewer }: Serving,
  { site, work, runners }: { readonly site: BuiltSite; readonly work: string; readonly runners: Runner[] },
): Promise<void> {
  const place: ServerPlace = { www: site.www, work, answers: join(work, 'answers.json') }
  const { server: core } = choosePinning(bench.tools)
  for (const contestant of contestants(
    bench,
    on,
    isNewer ? sendfileContestant(bench.tools) : slowerPeers(bench),
  )) {
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

function contestants(bench: Bench, on: Runtime, once: readonly Contestant[]): readonly Contestant[] {
  const { product, tools, settings } = bench
  const nodeOptions = profilerOptions(settings.profileFolder)
  return [
    nodeContestant('fingerpost', 'fingerpost.ts', on, { product, nodeOptions }),
    nodeContestant('fingerpost shortCircuit', 'fingerpost.ts', on, { product, mode: 'shortCircuit' }),
    nodeContestant('bare node:http', 'bare-http.ts', on, { product }),
    nodeContestant('bare Fastify', 'bare-fastify.ts', on, { product }),
    nodeContestant('hijacked Fastify', 'hijacked-fastify.ts', on, { product }),
    ...nginxContestant(tools),
    ...once,
  ]
}

/** Those far behind: once is enough, on the Node that runs the suite, as nginx with sendfile is on the newer one. */
function slowerPeers({ product, tools, runtime }: Bench): readonly Contestant[] {
  return [
    nodeContestant('@fastify/static', 'fastify-static.ts', runtime, { product }),
    nodeContestant('sirv', 'sirv.ts', runtime, { product }),
    ...whitenoiseContestant(tools),
  ]
}

async function measureSlices(
  bench: Bench,
  { profile, on, warmUps, rounds }: Serving,
  site: BuiltSite,
  runners: readonly Runner[],
): Promise<void> {
  const { load: core } = choosePinning(bench.tools)
  const load = bench.tools.versions.wrk === undefined ? createAutocannon(core) : createWrk(core)
  const checked = await checkedRunners(bench, site, profile, runners)
  const measure = async (runner: Runner): Promise<Slice> => {
    const { pid, port } = runner.server
    const before = cpuMsOf(pid)
    const result = await load.run({
      ...{ host: '127.0.0.1', port, paths: urlsOf(site, profile.paths), headers: checked.get(runner) ?? {} },
      ...{ connections: CONNECTIONS, seconds: SLICE_SECONDS, status: profile.status },
    })
    const after = cpuMsOf(pid)
    return { ...result, cpuMs: before === undefined || after === undefined ? undefined : after - before }
  }
  for (const runner of checked.keys())
    for (let n = 0; n < warmUps; n++) await measure(runner).catch(() => undefined)
  const slices = await interleave({
    contestants: [...checked.keys()],
    rounds,
    measure,
    onRound: bench.onRound,
    onFailure: ({ contestant }, error) => bench.note(`${contestant.name}: ${error.message}`),
  })
  for (const [{ contestant }, samples] of slices) {
    // A round's neighbours ran beside this Node, so a system server is filed under it too.
    recordSlices(bench, { profile: stageName(profile, on), contestant, samples })
  }
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
