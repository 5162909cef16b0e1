import { join } from 'node:path'
import { buildSite } from '../builders/build-site.ts'
import { fingerpostBuild, forgetBuild } from '../builders/builders.ts'
import { choosePinning } from '../measure/pin.ts'
import { residentBytesOf } from '../measure/proc.ts'
import { bulkSource } from '../profiles/sites.ts'
import { OURS } from '../result/comparison.ts'
import { ask } from '../servers/ask.ts'
import { nodeContestant } from '../servers/contestants.ts'
import { readSite } from '../servers/site.ts'
import { startServer } from '../servers/start.ts'
import { siteFolder } from '../setup/packages.ts'
import { type Bench, type MetricOwner, PEAK_MEMORY, type PlanSubject, WALL_TIME } from './bench.ts'

/** Memory: the peak of building a site far bigger than its files in flight, and of serving more than the cache holds. */
export const planMemory: PlanSubject = ({ settings: { quick } }) => [
  // A quick look sees the memory of its builds anyway.
  ...(quick ? [] : [{ ...BUILDING, measure: measureBuildMemory }]),
  { subject: 'memory', name: 'serving', seconds: quick ? 4 : 28, measure: measureServeMemory },
]

const BUILDING = { subject: 'memory', name: 'monaco-editor', seconds: 90 } as const

async function measureBuildMemory(bench: Bench): Promise<void> {
  const { runtime, product } = bench
  const source = siteFolder(BUILDING.name)
  const work = join(bench.work, 'builds', 'memory')
  await forgetBuild(work)
  for (const state of ['cold', 'warm']) {
    const usage = await fingerpostBuild({ node: runtime.path, dist: product.dist, source, work })
    const owner = { contestant: OURS, runtime: runtime.name }
    const about: MetricOwner = { subject: 'memory', profile: `${BUILDING.name}, ${state}`, ...owner }
    bench.record({ ...about, ...PEAK_MEMORY, samples: [usage.peakBytes] })
    bench.record({ ...about, ...WALL_TIME, samples: [usage.wallMs] })
  }
}

/** Touches 2,000 files of 100 KB, 200 MB in all, several times over; the cache may hold 64 MiB. */
async function measureServeMemory(bench: Bench): Promise<void> {
  const { runtime, product, settings } = bench
  const count = settings.quick ? 200 : 2_000
  const www = join(bench.work, `bulk-${count}`)
  const source = await bulkSource(count)
  await buildSite({ node: runtime.path, dist: product.dist, source, out: join(www, 'static') })
  const site = await readSite(www)
  for (const contestant of [
    nodeContestant('fingerpost', 'fingerpost.ts', runtime, { product }),
    nodeContestant('@fastify/static', 'fastify-static.ts', runtime, { product }),
    nodeContestant('sirv', 'sirv.ts', runtime, { product }),
  ]) {
    const command = await contestant.prepare({ www, work: bench.work, answers: '' })
    const server = await startServer(command, choosePinning(bench.tools).server)
    try {
      const start = residentBytesOf(server.pid) ?? Number.NaN
      let highest = start
      for (const file of [...site.files.values(), ...site.files.values()]) {
        await ask(server.port, `/static/${file}`, { 'accept-encoding': 'br' })
        highest = Math.max(highest, residentBytesOf(server.pid) ?? 0)
      }
      const about = {
        subject: 'memory',
        profile: `serving ${count} files of 100 KB twice`,
        contestant: contestant.name,
        runtime: runtime.name,
        unit: 'B',
        better: 'less',
      } as const
      bench.record({ ...about, metric: 'memory at start', samples: [start] })
      bench.record({ ...about, metric: 'highest memory', samples: [highest] })
    } finally {
      await server.stop()
    }
  }
}
