import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildSite } from '../builders/build-site.ts'
import { createAutocannon } from '../load/autocannon.ts'
import type { LoadGenerator, LoadResult } from '../load/load.ts'
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
  whitenoiseContestant,
} from '../servers/contestants.ts'
import { recordAnswers } from '../servers/record-answers.ts'
import { CONNECTIONS, SERVE_PROFILES, type ServeProfile } from '../servers/serve-profiles.ts'
import { type BuiltSite, readSite, urlsOf } from '../servers/site.ts'
import { type RunningServer, startServer } from '../servers/start.ts'
import type { Runtime } from '../setup/runtimes.ts'
import { type Bench, recordMetric } from './bench.ts'

/** A server that runs, with its name. */
interface Runner {
  readonly contestant: Contestant
  readonly server: RunningServer
}

/** One slice of load on one server. */
interface Slice extends LoadResult {
  /** Processor time the server took meanwhile; undefined where the system doesn't tell. */
  readonly cpuMs: number | undefined
}

/** Serving: every server alone on one core, the load from another, slices of load in turn. */
export async function measureServing(bench: Bench): Promise<void> {
  const site = await servedSite(bench)
  await measureRuntime(bench, site, bench.runtime)
  if (bench.newer !== undefined) await measureRuntime(bench, site, bench.newer)
}

/** Builds the serving profile once; all servers serve this build. */
async function servedSite(bench: Bench): Promise<BuiltSite> {
  const www = join(bench.work, 'www')
  bench.say('building the files to serve')
  const { runtime, product } = bench
  const out = join(www, 'static')
  await buildSite({ node: runtime.path, dist: product.dist, source: await servingSource(), out })
  return readSite(www)
}

async function measureRuntime(bench: Bench, site: BuiltSite, runtime: Runtime): Promise<void> {
  const pinning = choosePinning(bench.tools)
  const work = join(bench.work, `servers-${runtime.name.replace(' ', '-')}`)
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  const place: ServerPlace = { www: site.www, work, answers: join(work, 'answers.json') }
  const runners: Runner[] = []
  try {
    for (const contestant of contestants(bench, runtime)) {
      bench.say(`starting ${contestant.name} (${contestant.runtime})`)
      const server = await startServer(await contestant.prepare(place), pinning.server).catch(
        (error: Error) => bench.note(`${contestant.name} did not start: ${error.message}`),
      )
      if (server === undefined) continue
      runners.push({ contestant, server })
      // fingerpost is the first: the bare servers give back what it says.
      if (runners.length === 1) {
        await writeFile(place.answers, JSON.stringify(await recordAnswers(server.port, site)))
      }
    }
    const load =
      bench.tools.versions.wrk === undefined ? createAutocannon(pinning.load) : createWrk(pinning.load)
    for (const profile of chosenProfiles(bench))
      await measureProfile(bench, site, profile, runners, load, runtime)
  } finally {
    await Promise.all(runners.map(({ server }) => server.stop()))
  }
}

function contestants(bench: Bench, runtime: Runtime): readonly Contestant[] {
  const { product, tools, settings } = bench
  const nodeOptions = profilerOptions(settings.profileFolder)
  return [
    nodeContestant('fingerpost', 'fingerpost.ts', runtime, { product, nodeOptions }),
    nodeContestant('fingerpost shortCircuit', 'fingerpost.ts', runtime, { product, mode: 'shortCircuit' }),
    nodeContestant('bare node:http', 'bare-http.ts', runtime, { product }),
    nodeContestant('bare Fastify', 'bare-fastify.ts', runtime, { product }),
    ...nginxContestant(tools),
    ...(runtime === bench.runtime ? slowerPeers(bench) : []),
  ]
}

/** Those far behind: once is enough, on the Node that runs the suite. */
function slowerPeers({ product, tools, runtime }: Bench): readonly Contestant[] {
  return [
    nodeContestant('@fastify/static', 'fastify-static.ts', runtime, { product }),
    nodeContestant('sirv', 'sirv.ts', runtime, { product }),
    ...whitenoiseContestant(tools),
  ]
}

function chosenProfiles(bench: Bench): readonly ServeProfile[] {
  return bench.settings.quick ? SERVE_PROFILES.slice(0, 1) : SERVE_PROFILES
}

async function measureProfile(
  bench: Bench,
  site: BuiltSite,
  profile: ServeProfile,
  runners: readonly Runner[],
  load: LoadGenerator,
  runtime: Runtime,
): Promise<void> {
  const { rounds, seconds } = bench.settings.quick ? { rounds: 3, seconds: 1 } : { rounds: 5, seconds: 1 }
  const checked = await checkedRunners(bench, site, profile, runners)
  const runOne = async ({ server }: Runner, headers: CheckedHeaders, length: number): Promise<Slice> => {
    const before = cpuMsOf(server.pid)
    const plan = { host: '127.0.0.1', port: server.port, paths: urlsOf(site, profile.paths), headers }
    const result = await load.run({
      ...plan,
      connections: CONNECTIONS,
      seconds: length,
      status: profile.status,
    })
    const after = cpuMsOf(server.pid)
    return { ...result, cpuMs: before === undefined || after === undefined ? undefined : after - before }
  }
  bench.say(`${profile.name} on ${runtime.name}: ${checked.size} servers, ${rounds} rounds of ${seconds} s`)
  for (const [runner, headers] of checked) await runOne(runner, headers, 1).catch(() => undefined)
  const slices = await interleave(
    [...checked.keys()],
    rounds,
    (runner) => runOne(runner, checked.get(runner) ?? {}, seconds),
    ({ contestant }, error) => bench.note(`${contestant.name}, ${profile.name}: ${error.message}`),
  )
  for (const [{ contestant }, samples] of slices) recordSlices(bench, profile, contestant, runtime, samples)
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
      bench.note(`${runner.contestant.name} is left out of ${profile.name}: ${(error as Error).message}`)
    }
  }
  return checked
}

function recordSlices(
  bench: Bench,
  profile: ServeProfile,
  contestant: Contestant,
  runtime: Runtime,
  samples: readonly (Slice | null)[],
): void {
  // A round's neighbours ran beside this Node, so a system server is filed under it too.
  const about = {
    subject: 'serve',
    profile: `${profile.name}, ${runtime.name}`,
    contestant: contestant.name,
    runtime: contestant.runtime,
  } as const
  const rate = { metric: 'requests/s', unit: '1/s', better: 'more' } as const
  const p99 = { metric: 'latency p99', unit: 'ms', better: 'less' } as const
  const perCpu = { metric: 'requests per processor second', unit: '1/s', better: 'more' } as const
  recordMetric(bench, about, rate, samples, ({ requests, seconds }) => requests / seconds)
  recordMetric(bench, about, p99, samples, (slice) => slice.p99)
  if (samples.every((slice) => slice === null || slice.cpuMs === undefined)) return
  const busy = { metric: 'server busy', unit: '%', better: 'more' } as const
  recordMetric(bench, about, busy, samples, ({ cpuMs = Number.NaN, seconds }) => cpuMs / 10 / seconds)
  recordMetric(bench, about, perCpu, samples, ({ requests, cpuMs = Number.NaN }) => (requests * 1000) / cpuMs)
}
