import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { interleave } from '../measure/rounds.ts'
import type { PageRequest, PageVisits } from '../servers/package-page-process.ts'
import { compiled } from '../setup/compile.ts'
import { REPOSITORY } from '../setup/folders.ts'
import { packageFolder } from '../setup/packages.ts'
import { runCommand } from '../setup/run-command.ts'
import type { Runtime } from '../setup/runtimes.ts'
import { type Bench, type PlanSubject, recordMetric } from './bench.ts'

const ROUNDS = 2
const TIMEOUT_MS = 180_000

const CONTESTANTS = [
  { name: 'import map', bundler: 'none', dictionaries: false },
  { name: 'import map, dictionaries', bundler: 'none', dictionaries: true },
  { name: 'Vite', bundler: 'vite', dictionaries: false },
  { name: 'Vite, dictionaries', bundler: 'vite', dictionaries: true },
] as const

const VISITS = { first: 'first visit', edited: 'one line edited', updated: 'three updated' } as const

const METRICS = [
  { metric: 'requests', unit: '', read: 'requests', per: 1 },
  { metric: 'download', unit: 'kB', read: 'bytes', per: 1000 },
  { metric: 'first paint', unit: 'ms', read: 'paint', per: 1 },
] as const

/** A page with lit and three, with and without a bundler. On a Node that makes deltas. */
export const planPackages: PlanSubject = ({ newer }) =>
  newer === undefined
    ? []
    : [
        {
          ...{ subject: 'packages', name: 'lit and three on a slow line', seconds: 150 },
          measure: (bench) => measurePages(bench, newer),
        },
      ]

async function measurePages(bench: Bench, runtime: Runtime): Promise<void> {
  const release = (when: string) => join(packageFolder('releases'), 'node_modules', `three-${when}`)
  const lit = join(REPOSITORY, 'node_modules/lit')
  const packages = { before: release('before'), after: release('after'), lit }
  const samples = await interleave({
    contestants: CONTESTANTS,
    rounds: ROUNDS,
    onRound: bench.onRound,
    onFailure: ({ name }, error) => bench.note(`${name}: ${error.message}`),
    async measure({ name, bundler, dictionaries }, round) {
      const folder = join(bench.work, `page ${name} ${round}`)
      await mkdir(folder)
      const request: PageRequest = { dist: bench.product.dist, folder, bundler, dictionaries, packages }
      // Server and browser want a core each, so nothing is pinned.
      const args = [compiled('servers/package-page-process.ts'), JSON.stringify(request)]
      const { stdout } = await runCommand({ command: runtime.path, args, timeoutMs: TIMEOUT_MS })
      return JSON.parse(stdout) as PageVisits
    },
  })
  for (const [visit, title] of Object.entries(VISITS) as [keyof PageVisits, string][]) {
    for (const [{ name }, visits] of samples) {
      for (const { read, per, ...metric } of METRICS) {
        const about = {
          subject: 'packages',
          profile: title,
          contestant: name,
          runtime: runtime.name,
        } as const
        recordMetric(bench, about, { ...metric, better: 'less' }, visits, (one) => one[visit][read] / per)
      }
    }
  }
}
