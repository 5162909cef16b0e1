import { mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { choosePinning } from '../measure/pin.ts'
import { runForJson } from '../measure/pinned-json.ts'
import { interleave } from '../measure/rounds.ts'
import { growthSource } from '../profiles/sites.ts'
import type { LiveRequest, LiveTimes } from '../servers/live-process.ts'
import { compiled } from '../setup/compile.ts'
import { REPOSITORY } from '../setup/folders.ts'
import { runCommand } from '../setup/run-command.ts'
import { type Bench, type MetricOwner, type PlanSubject, recordMetric, WALL_TIME } from './bench.ts'

const FILES = 10_000
const SAVES = 40

/** Developing: how soon a save has its name, and what names as types cost the compiler. A quick look leaves it out. */
export const planLive: PlanSubject = ({ settings: { quick, maxFiles } }) => {
  if (quick) return []
  const count = Math.min(FILES, maxFiles)
  const stage = { subject: 'live', seconds: 10 } as const
  return [
    { ...stage, name: `a save in ${count} files`, measure: (bench) => measureSaves(bench, count) },
    { ...stage, name: `types of ${count} names`, measure: (bench) => measureTypes(bench, count) },
  ]
}

async function measureSaves(bench: Bench, count: number): Promise<void> {
  const { runtime, product, tools } = bench
  const own = join(bench.work, 'live')
  await mkdir(own, { recursive: true })
  await writeFile(join(own, 'site.css'), '')
  const request: LiveRequest = {
    ...{ dist: product.dist, file: 'site.css', saves: SAVES },
    sources: [own, await growthSource(count)],
  }
  const script = compiled('servers/live-process.ts')
  const line = [runtime.path, script, JSON.stringify(request)]
  const { named, answered } = await runForJson<LiveTimes>(choosePinning(tools).server, line, 60_000)
  const about: MetricOwner = {
    ...{ subject: 'live', profile: `a save in ${count} files` },
    ...{ contestant: 'fingerpost', runtime: runtime.name },
  }
  const identity = (ms: number) => ms
  recordMetric(bench, about, { metric: 'save to new name', unit: 'ms', better: 'less' }, named, identity)
  recordMetric(bench, about, { metric: 'save to answer', unit: 'ms', better: 'less' }, answered, identity)
}

/** The same project with the names as types, and without. */
async function measureTypes(bench: Bench, count: number): Promise<void> {
  const source = await growthSource(count)
  const projects = [
    { name: 'names as types', folder: await makeProject(bench, 'typed', source) },
    { name: 'any text', folder: await makeProject(bench, 'untyped', undefined) },
  ]
  const compiler = join(REPOSITORY, 'node_modules', '.bin', 'tsc')
  const samples = await interleave({
    contestants: projects,
    rounds: 7,
    measure: ({ folder }) =>
      runCommand({ command: compiler, args: ['-p', folder], cwd: folder, timeoutMs: 60_000 }),
    onRound: bench.onRound,
    onFailure: ({ name }, error) => bench.note(`${name}: ${error.message}`),
  })
  const profile = `types of ${count} names`
  const { name: runtime } = bench.runtime
  for (const [{ name: contestant }, checks] of samples) {
    const about = { subject: 'live', profile, contestant, runtime } as const
    recordMetric(bench, about, WALL_TIME, checks, ({ wallMs }) => wallMs)
  }
  const { size } = await stat(join(bench.work, 'typed', NAMES_FILE))
  const about = { subject: 'live', profile, contestant: 'names as types', runtime } as const
  recordMetric(
    bench,
    about,
    { metric: 'size of the declaration file', unit: 'B', better: 'less' },
    [size],
    (bytes) => bytes,
  )
}

const NAMES_FILE = 'names.d.ts'

/** A small app in TypeScript: 200 calls of `static`, each with another name. */
async function makeProject(bench: Bench, name: string, source: string | undefined): Promise<string> {
  const { product, runtime } = bench
  const folder = join(bench.work, name)
  const installed = join(folder, 'node_modules', 'fingerpost')
  await rm(folder, { recursive: true, force: true })
  await mkdir(installed, { recursive: true })
  await symlink(product.dist, join(installed, 'dist'))
  await symlink(join(REPOSITORY, 'node_modules', 'fastify'), join(folder, 'node_modules', 'fastify'))
  await writeFile(join(installed, 'package.json'), PACKAGE)
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }))
  const calls = Array.from(
    { length: 200 },
    (_, i) => `app.static('part-0/icon-${i - (i % 20) + (i % 10)}.svg')\n`,
  )
  await writeFile(join(folder, 'app.ts'), APP + calls.join(''))
  if (source === undefined) return folder
  const args = [join(product.dist, 'cli.js'), 'types', source, '--file', join(folder, NAMES_FILE)]
  await runCommand({ command: runtime.path, args, cwd: folder, timeoutMs: 60_000 })
  return folder
}

const PACKAGE = JSON.stringify({
  ...{ name: 'fingerpost', version: '0.0.0', type: 'module' },
  exports: { '.': './dist/index.js' },
})

const COMPILER_OPTIONS = {
  ...{ module: 'nodenext', target: 'es2023', strict: true, noEmit: true, skipLibCheck: true },
  types: [],
}

const APP = `import Fastify from 'fastify'
import fingerpost from 'fingerpost'
const app = Fastify()
await app.register(fingerpost)
`
