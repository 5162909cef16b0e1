import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildSite } from '../builders/build-site.ts'
import { choosePinning } from '../measure/pin.ts'
import { residentBytesOf } from '../measure/proc.ts'
import { interleave } from '../measure/rounds.ts'
import { growthSource } from '../profiles/sites.ts'
import { ask } from '../servers/ask.ts'
import {
  type Contestant,
  nginxContestant,
  nodeContestant,
  whitenoiseContestant,
} from '../servers/contestants.ts'
import { readSite } from '../servers/site.ts'
import { startServer } from '../servers/start.ts'
import { CACHE } from '../setup/folders.ts'
import { type Bench, type PlanSubject, recordMetric } from './bench.ts'
import { GROWTH_SIZES } from './growth.ts'

const SECONDS: Readonly<Record<number, number>> = { 100: 12, 1000: 14, 10000: 20, 50000: 75 }

interface Start {
  readonly startMs: number
  readonly residentBytes: number
}

/** Starting: from the process's first instruction to its first answer, and what it holds in memory then. */
export const planStartup: PlanSubject = ({ settings: { quick, maxFiles } }) =>
  (quick ? [1_000] : GROWTH_SIZES.filter((size) => size <= maxFiles)).map((count) => ({
    ...{ subject: 'startup', name: `${count} assets`, seconds: quick ? 7 : (SECONDS[count] ?? 0) },
    measure: (bench) => measureSize(bench, count),
  }))

async function measureSize(bench: Bench, count: number): Promise<void> {
  // Kept between runs: 50,000 files take minutes to compress, and how they came to be is not what is measured.
  const www = join(CACHE, 'started', String(count))
  const { runtime, product } = bench
  await buildSite({
    node: runtime.path,
    dist: product.dist,
    source: await growthSource(count),
    out: join(www, 'static'),
  })
  const file = [...(await readSite(www)).files.values()][0] ?? ''
  const samples = await interleave({
    contestants: contestants(bench),
    rounds: bench.settings.quick ? 2 : 7,
    measure: (contestant) => startOnce(bench, contestant, www, `/static/${file}`),
    onRound: bench.onRound,
    onFailure: ({ name }, error) => bench.note(`${name}: ${error.message}`),
  })
  for (const [contestant, starts] of samples) {
    const about = {
      subject: 'startup',
      profile: `${count} assets`,
      contestant: contestant.name,
      runtime: contestant.runtime,
    } as const
    const time = { metric: 'time to first answer', unit: 'ms', better: 'less' } as const
    const memory = { metric: 'memory', unit: 'B', better: 'less' } as const
    recordMetric(bench, about, time, starts, ({ startMs }) => startMs)
    recordMetric(bench, about, memory, starts, ({ residentBytes }) => residentBytes)
  }
}

function contestants({ runtime, product, tools }: Bench): readonly Contestant[] {
  return [
    nodeContestant('empty Fastify app', 'empty-fastify.ts', runtime, { product }),
    nodeContestant('fingerpost', 'fingerpost.ts', runtime, { product }),
    nodeContestant('@fastify/static', 'fastify-static.ts', runtime, { product }),
    nodeContestant('sirv', 'sirv.ts', runtime, { product }),
    ...nginxContestant(tools),
    ...whitenoiseContestant(tools),
  ]
}

async function startOnce(bench: Bench, contestant: Contestant, www: string, url: string): Promise<Start> {
  const work = join(bench.work, 'start')
  await mkdir(work, { recursive: true })
  const answers = join(work, 'answers.json')
  await writeFile(answers, JSON.stringify({ answers: [], notModified: [] }))
  const command = await contestant.prepare({ www, work, answers })
  const begun = performance.now()
  const server = await startServer(command, choosePinning(bench.tools).server)
  try {
    const { status } = await ask(server.port, url, { 'accept-encoding': 'br' })
    const startMs = performance.now() - begun
    // The empty app answers 404 to everything, which is an answer too.
    if (status !== 200 && contestant.name !== 'empty Fastify app') throw new Error(`${url}: status ${status}`)
    return { startMs, residentBytes: residentBytesOf(server.pid) ?? Number.NaN }
  } finally {
    await server.stop()
  }
}
