import { join } from 'node:path'
import { fingerpostBuild, forgetBuild } from '../builders/builders.ts'
import { choosePinning } from '../measure/pin.ts'
import { runForJson } from '../measure/pinned-json.ts'
import { interleave } from '../measure/rounds.ts'
import { REAL_PACKAGES } from '../profiles/sites.ts'
import type { ScanOutcome, ScanRequest } from '../scanners/scan-process.ts'
import { compiled } from '../setup/compile.ts'
import { packageFolder, siteFolder } from '../setup/packages.ts'
import { type Bench, CPU_TIME, type PlanSubject, recordMetric } from './bench.ts'

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

type Contest = (typeof CONTESTS)[number]

/** Scanning: our scanners beside the tokenizers and parsers they could be made from, and their share of a build. */
export const planScanning: PlanSubject = ({ settings: { quick } }) => [
  ...CONTESTS.map((contest) => ({
    ...({ subject: 'scan', name: contest.profile, seconds: quick ? 4 : 25 } as const),
    measure: (bench: Bench) => measureContest(bench, contest),
  })),
  ...(quick ? ['leaflet' as const] : REAL_PACKAGES).map((name) => ({
    ...({ subject: 'scan', name: `share, ${name}`, seconds: SHARE_SECONDS[name] ?? 5 } as const),
    measure: (bench: Bench) => measureShare(bench, name),
  })),
]

/** Cold builds that take longer than a few seconds. */
const SHARE_SECONDS: Readonly<Partial<Record<(typeof REAL_PACKAGES)[number], number>>> = {
  '@fortawesome/fontawesome-free': 22,
  '@tabler/core': 15,
  'swagger-ui-dist': 10,
  'date-fns': 12,
  three: 16,
  '@ionic/core': 15,
  'pixi.js': 55,
  'pdfjs-dist': 35,
  mathjax: 15,
}

async function measureContest(bench: Bench, contest: Contest): Promise<void> {
  const { profile, extensions, readers } = contest
  const { quick } = bench.settings
  const folders = contest.packages.map(siteFolder)
  const samples = await interleave({
    contestants: readers,
    rounds: quick ? 1 : 5,
    measure: (reader) => scan(bench, { reader, folders, extensions, warmUps: quick ? 0 : 1 }),
    onRound: bench.onRound,
    onFailure: (reader, error) => bench.note(`${reader}: ${error.message}`),
  })
  for (const [contestant, outcomes] of samples) {
    const about = { subject: 'scan', profile, contestant, runtime: bench.runtime.name } as const
    const speed = { metric: 'speed', unit: 'MB/s', better: 'more' } as const
    const found = { metric: 'references', unit: '', better: 'more' } as const
    recordMetric(bench, about, speed, outcomes, ({ characters, cpuMs }) => characters / 1000 / cpuMs)
    recordMetric(bench, about, found, outcomes, (outcome) => outcome.found)
    const failed = outcomes.find((outcome) => (outcome?.failed ?? 0) > 0)
    if (failed != null) bench.note(`${contestant} gave up on ${failed.failed} of ${failed.files} files`)
  }
}

/** Processor time of scanning a package once, cold, against that of its whole cold build. */
async function measureShare(bench: Bench, name: string): Promise<void> {
  const { runtime, product } = bench
  const source = siteFolder(name)
  const work = join(bench.work, 'builds', 'share')
  await forgetBuild(work)
  const scanned = await scan(bench, { reader: 'fingerpost', folders: [source], extensions: [], warmUps: 0 })
  const built = await fingerpostBuild({ node: runtime.path, dist: product.dist, source, work })
  const about = { subject: 'scan', profile: `share, ${name}`, runtime: runtime.name } as const
  bench.record({ ...about, ...CPU_TIME, contestant: 'scanning', samples: [scanned.cpuMs] })
  bench.record({ ...about, ...CPU_TIME, contestant: 'cold build', samples: [built.cpuMs] })
}

function scan(bench: Bench, request: Omit<ScanRequest, 'peers'>): Promise<ScanOutcome> {
  const peers = join(packageFolder('peers'), 'package.json')
  const script = compiled('scanners/scan-process.ts')
  const line = [bench.runtime.path, script, JSON.stringify({ ...request, peers })]
  return runForJson<ScanOutcome>(choosePinning(bench.tools).server, line, 300_000)
}
