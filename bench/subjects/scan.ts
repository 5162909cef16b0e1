import { join } from 'node:path'
import { fingerpostBuild, forgetBuild } from '../builders/builders.ts'
import { choosePinning, pinned } from '../measure/pin.ts'
import { interleave } from '../measure/rounds.ts'
import { REAL_PACKAGES, realPackage } from '../profiles/sites.ts'
import type { ScanOutcome, ScanRequest } from '../scanners/scan-process.ts'
import { compiled } from '../setup/compile.ts'
import { installPackages, packageFolder } from '../setup/packages.ts'
import { runCommand } from '../setup/run-command.ts'
import { type Bench, CPU_TIME, recordMetric } from './bench.ts'

/** Who could have read style sheets, and who scripts. */
const CONTESTS = [
  {
    profile: 'CSS',
    extensions: ['.css'],
    packages: ['bootstrap', 'katex', 'leaflet', 'semantic-ui-css', 'flag-icons'],
    readers: [
      'fingerpost',
      '@csstools/css-tokenizer',
      'css-tree tokenizer',
      'css-tree parser',
      'postcss + value-parser',
      'lightningcss',
    ],
  },
  {
    profile: 'JavaScript modules',
    extensions: ['.js', '.mjs'],
    packages: ['lodash-es', 'date-fns'],
    readers: ['fingerpost', 'es-module-lexer', 'acorn', 'oxc-parser'],
  },
] as const

/** Scanning: our scanners beside the tokenizers and parsers they could be made from, and their share of a build. */
export async function measureScanning(bench: Bench): Promise<void> {
  await installPackages('peers', bench.say)
  for (const contest of CONTESTS) await measureContest(bench, contest)
  await measureShare(bench)
}

async function measureContest(bench: Bench, contest: (typeof CONTESTS)[number]): Promise<void> {
  const { profile, extensions, readers } = contest
  const folders = await Promise.all(contest.packages.map((name) => realPackage(name, bench.say)))
  bench.say(`scanning ${profile}: ${readers.join(', ')}`)
  const samples = await interleave(
    readers,
    bench.settings.quick ? 2 : 3,
    (reader) => scan(bench, { reader, folders, extensions, warmUps: bench.settings.quick ? 0 : 1 }),
    (reader, error) => bench.note(`${reader}, ${profile}: ${error.message}`),
  )
  for (const [contestant, outcomes] of samples) {
    const about = { subject: 'scan', profile, contestant, runtime: bench.runtime.name } as const
    const speed = { metric: 'speed', unit: 'MB/s', better: 'more' } as const
    const found = { metric: 'references', unit: '', better: 'more' } as const
    recordMetric(bench, about, speed, outcomes, ({ characters, cpuMs }) => characters / 1000 / cpuMs)
    recordMetric(bench, about, found, outcomes, (outcome) => outcome.found)
    const failed = outcomes.find((outcome) => (outcome?.failed ?? 0) > 0)
    if (failed != null)
      bench.note(`${contestant} gave up on ${failed.failed} of ${failed.files} files of ${profile}`)
  }
}

/** Processor time of scanning each package once, cold, against that of its whole cold build. */
async function measureShare(bench: Bench): Promise<void> {
  const sums = { scanning: 0, build: 0 }
  for (const name of bench.settings.quick ? ['leaflet'] : REAL_PACKAGES) {
    bench.say(`share of scanning: ${name}`)
    const source = await realPackage(name, bench.say)
    const request = { reader: 'fingerpost', folders: [source], extensions: [], warmUps: 0 }
    const work = join(bench.work, 'builds', 'share')
    await forgetBuild(work)
    const { runtime, product } = bench
    try {
      const scanned = await scan(bench, request)
      const built = await fingerpostBuild({ node: runtime.path, dist: product.dist, source, work })
      const about = { subject: 'scan', profile: `share, ${name}`, runtime: runtime.name } as const
      bench.record({ ...about, ...CPU_TIME, contestant: 'scanning', samples: [scanned.cpuMs] })
      bench.record({ ...about, ...CPU_TIME, contestant: 'cold build', samples: [built.cpuMs] })
      sums.scanning += scanned.cpuMs
      sums.build += built.cpuMs
    } catch (error) {
      bench.note(`share of scanning, ${name}: ${(error as Error).message}`)
    }
  }
  const about = { subject: 'scan', profile: 'share, all packages', runtime: bench.runtime.name } as const
  bench.record({ ...about, ...CPU_TIME, contestant: 'scanning', samples: [sums.scanning] })
  bench.record({ ...about, ...CPU_TIME, contestant: 'cold build', samples: [sums.build] })
}

async function scan(bench: Bench, request: Omit<ScanRequest, 'dist' | 'peers'>): Promise<ScanOutcome> {
  const places = { dist: bench.product.dist, peers: join(packageFolder('peers'), 'package.json') }
  const script = compiled('scanners/scan-process.ts')
  const line = [bench.runtime.path, script, JSON.stringify({ ...request, ...places })]
  const [command, ...args] = pinned(choosePinning(bench.tools).server, line)
  return JSON.parse((await runCommand({ command, args, timeoutMs: 300_000 })).stdout) as ScanOutcome
}
