import { join } from 'node:path'
import { buildSite } from '../builders/build-site.ts'
import { fingerpostBuild, forgetBuild } from '../builders/builders.ts'
import { createAutocannon } from '../load/autocannon.ts'
import { createWrk } from '../load/wrk.ts'
import { choosePinning } from '../measure/pin.ts'
import { growthSource, servingSource } from '../profiles/sites.ts'
import { checkServer } from '../servers/check-server.ts'
import { nodeContestant } from '../servers/contestants.ts'
import { CONNECTIONS, SERVE_PROFILES } from '../servers/serve-profiles.ts'
import { readSite, urlsOf } from '../servers/site.ts'
import { type RunningServer, startServer } from '../servers/start.ts'
import type { Product } from '../setup/product.ts'
import type { Runtime } from '../setup/runtimes.ts'
import type { Tools } from '../setup/tools.ts'

/** One of the three that are measured in turn. */
export interface Side {
  readonly label: 'there' | 'here' | 'again'
  readonly product: Product
  readonly work: string
}

/** A short measurement of one side. `prepare` runs once per side, before the rounds. */
export interface ShortMeasurement {
  readonly name: string
  readonly better: 'more' | 'less'
  readonly rounds: number
  prepare(side: Side): Promise<void>
  measure(side: Side): Promise<number>
  finish(): Promise<void>
}

const FILES = 300

/** A build of a made-up site, measured by its processor time, which neighbours on the machine disturb least. */
export function buildMeasurement(state: 'cold' | 'warm', runtime: Runtime): ShortMeasurement {
  const place = async ({ product, work }: Side) => ({
    node: runtime.path,
    dist: product.dist,
    source: await growthSource(FILES),
    work: join(work, 'build'),
  })
  return {
    name: `build of ${FILES} files, ${state}, processor time`,
    better: 'less',
    rounds: state === 'cold' ? 5 : 11,
    async prepare(side) {
      await fingerpostBuild(await place(side))
    },
    async measure(side) {
      const at = await place(side)
      if (state === 'cold') await forgetBuild(at.work)
      return (await fingerpostBuild(at)).cpuMs
    },
    finish: async () => undefined,
  }
}

/** Requests a second of one serving profile. */
export function serveMeasurement(profileName: string, runtime: Runtime, tools: Tools): ShortMeasurement {
  const profile = SERVE_PROFILES.find(({ name }) => name === profileName)
  if (profile === undefined) throw new Error(`There is no serving profile ${profileName}.`)
  const pinning = choosePinning(tools)
  const load = tools.versions.wrk === undefined ? createAutocannon(pinning.load) : createWrk(pinning.load)
  const running = new Map<string, RunningServer>()
  const siteOf = ({ work }: Side) => readSite(join(work, 'www'))
  const measure = async (side: Side): Promise<number> => {
    const server = running.get(side.label)
    if (server === undefined) throw new Error(`${side.label} is not running`)
    const site = await siteOf(side)
    const headers = await checkServer(server.port, site, profile)
    const plan = { host: '127.0.0.1', port: server.port, paths: urlsOf(site, profile.paths), headers }
    const shape = { connections: CONNECTIONS, seconds: 1, status: profile.status }
    const { requests, seconds } = await load.run({ ...plan, ...shape })
    return requests / seconds
  }
  return {
    name: `serving ${profile.name}, requests/s`,
    better: 'more',
    rounds: 9,
    async prepare(side) {
      const www = join(side.work, 'www')
      const { dist } = side.product
      await buildSite({ node: runtime.path, dist, source: await servingSource(), out: join(www, 'static') })
      const contestant = nodeContestant(side.label, 'fingerpost.ts', runtime, { product: side.product })
      const command = await contestant.prepare({ www, work: side.work, answers: '' })
      running.set(side.label, await startServer(command, pinning.server))
      await measure(side)
    },
    measure,
    finish: async () => void (await Promise.all([...running.values()].map((server) => server.stop()))),
  }
}

/** Milliseconds from nothing to a listening server over 1,000 assets. */
export function startMeasurement(runtime: Runtime, tools: Tools): ShortMeasurement {
  const www = (side: Side) => join(side.work, 'start')
  return {
    name: 'start with 1,000 assets, wall time',
    better: 'less',
    rounds: 11,
    async prepare(side) {
      const { dist } = side.product
      const source = await growthSource(1_000)
      await buildSite({ node: runtime.path, dist, source, out: join(www(side), 'static') })
    },
    async measure(side) {
      const contestant = nodeContestant(side.label, 'fingerpost.ts', runtime, { product: side.product })
      const command = await contestant.prepare({ www: www(side), work: side.work, answers: '' })
      const server = await startServer(command, choosePinning(tools).server)
      await server.stop()
      return server.startMs
    },
    finish: async () => undefined,
  }
}
