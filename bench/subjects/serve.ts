import { join } from 'node:path'
import { buildSite } from '../builders/build-site.ts'
import { profilerOptions } from '../profiler/node-options.ts'
import { servingSource } from '../profiles/sites.ts'
import {
  type Contestant,
  nginxContestant,
  nodeContestant,
  sendfileContestant,
  whitenoiseContestant,
} from '../servers/contestants.ts'
import { SERVE_PROFILES, type ServeProfile } from '../servers/serve-profiles.ts'
import { type BuiltSite, readSite } from '../servers/site.ts'
import type { Runtime } from '../setup/runtimes.ts'
import type { Bench, PlanSubject } from './bench.ts'
import { measureStart, type Pace, type Serving, SLICE_SECONDS } from './serve-start.ts'
import { recordSlices, type Slice } from './slices.ts'

/** One contestant's slices, round by round and start by start; null where it failed. */
interface Taken {
  readonly contestant: Contestant
  readonly samples: (Slice | null)[]
}

/**
 * V8 compiles on the server's own core, and is done with most of it after about two seconds. What it makes of the same
 * code is a matter of chance: a process may be slower than the next one for as long as it lives.
 */
const FULL: Pace = { starts: 2, warmUp: 2, rounds: 20 }
const QUICK: Pace = { starts: 1, warmUp: 1, rounds: 3 }

/** Serving: every server alone on one core, the load from another, slices of load in turn. A stage per profile and Node. */
export const planServing: PlanSubject = ({ settings, runtime, newer }) => {
  const profiles = settings.quick ? SERVE_PROFILES.slice(0, 1) : SERVE_PROFILES
  const pace = settings.quick ? QUICK : FULL
  const runtimes = [runtime, ...(newer === undefined ? [] : [newer])]
  return runtimes.flatMap((on) =>
    profiles.map((profile) => {
      const isNewer = on !== runtime
      const seconds = pace.warmUp + pace.rounds * (SLICE_SECONDS + 0.04)
      return {
        subject: 'serve',
        name: stageName(profile, on),
        seconds: pace.starts * (4 + seconds * (isNewer ? 7 : 9)),
        measure: (bench) => measureServing(bench, { profile, on, isNewer, pace }),
      }
    }),
  )
}

function stageName({ name }: ServeProfile, on: Runtime): string {
  return `${name}, ${on.name}`
}

async function measureServing(bench: Bench, serving: Serving): Promise<void> {
  const site = await servedSite(bench)
  const everybody = contestants(bench, serving)
  const taken: readonly Taken[] = everybody.map((contestant) => ({ contestant, samples: [] }))
  const { starts, rounds } = serving.pace
  for (let start = 0; start < starts; start++) {
    const slices = await measureStart(bench, serving, { site, everybody, start })
    for (const { contestant, samples } of taken)
      samples.push(...(slices.get(contestant) ?? Array.from({ length: rounds }, () => null)))
  }
  const profile = stageName(serving.profile, serving.on)
  // A round's neighbours ran beside this Node, so a system server is filed under it too.
  for (const { contestant, samples } of taken)
    if (samples.some((sample) => sample !== null)) recordSlices(bench, { profile, contestant, samples })
}

/** Builds the served site; after the first time that is quick. All servers serve this build. */
async function servedSite(bench: Bench): Promise<BuiltSite> {
  const www = join(bench.work, 'www')
  const { runtime, product } = bench
  const out = join(www, 'static')
  await buildSite({ node: runtime.path, dist: product.dist, source: await servingSource(), out })
  return readSite(www)
}

function contestants(bench: Bench, { on, isNewer }: Serving): readonly Contestant[] {
  const { product, tools, settings } = bench
  const nodeOptions = profilerOptions(settings.profileFolder)
  return [
    nodeContestant('fingerpost', 'fingerpost.ts', on, { product, nodeOptions }),
    nodeContestant('fingerpost shortCircuit', 'fingerpost.ts', on, { product, mode: 'shortCircuit' }),
    nodeContestant('bare node:http', 'bare-http.ts', on, { product }),
    nodeContestant('bare Fastify', 'bare-fastify.ts', on, { product }),
    nodeContestant('hijacked Fastify', 'hijacked-fastify.ts', on, { product }),
    ...nginxContestant(tools),
    ...(isNewer ? sendfileContestant(tools) : slowerPeers(bench)),
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
