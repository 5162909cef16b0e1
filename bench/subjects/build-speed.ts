import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Builder,
  changeFile,
  djangoBuild,
  fingerpostBuild,
  floorBuild,
  forgetBuild,
  gulpBuild,
} from '../builders/builders.ts'
import type { Usage } from '../measure/node-process.ts'
import { interleave } from '../measure/rounds.ts'
import { profilerOptions } from '../profiler/node-options.ts'
import { CHANGED_FILE } from '../profiles/growth-site.ts'
import { growthSource, realPackage } from '../profiles/sites.ts'
import { installPackages } from '../setup/packages.ts'
import { type Bench, CPU_TIME, PEAK_MEMORY, recordMetric, WALL_TIME } from './bench.ts'

/** The name of the site that is made up instead of installed. */
const MADE_UP = '300 made-up files'

/** A real package to build, and how often those may build it that take minutes. */
interface BuildProfile {
  readonly name: string
  /** The file that "one change" edits. */
  readonly change: string
  readonly rounds: number
  readonly djangoRounds: number
  /** None where gulp-rev-rewrite, which tries every name in every file, would take minutes. */
  readonly gulpRounds: number
  readonly warmRounds: number
}

const PROFILES: readonly BuildProfile[] = [
  {
    name: 'bootstrap',
    change: 'dist/css/bootstrap.css',
    rounds: 3,
    djangoRounds: 1,
    gulpRounds: 1,
    warmRounds: 7,
  },
  {
    name: '@fortawesome/fontawesome-free',
    change: 'css/fontawesome.css',
    rounds: 2,
    djangoRounds: 1,
    gulpRounds: 0,
    warmRounds: 7,
  },
]

/** Stands in for a package in a quick look. */
const QUICK: BuildProfile = {
  name: MADE_UP,
  change: CHANGED_FILE,
  rounds: 2,
  djangoRounds: 1,
  gulpRounds: 1,
  warmRounds: 3,
}

interface NamedBuilder {
  readonly name: string
  readonly runtime: string
  readonly build: Builder
  readonly rounds: number
}

/** Real packages, built cold by everybody; warm and with one change by those that remember. */
export async function measureBuildSpeed(bench: Bench): Promise<void> {
  await installPackages('peers', bench.say)
  for (const profile of bench.settings.quick ? [QUICK] : PROFILES) {
    const source = join(bench.work, 'sources', profile.name)
    // A copy, as "one change" edits it.
    await rm(source, { recursive: true, force: true })
    await cp(await sourceOf(profile.name, bench.say), source, { recursive: true })
    await measureCold(bench, profile, source)
    await measureWarm(bench, profile, source)
    await measureOneChange(bench, profile, source)
  }
}

function sourceOf(name: string, say: (text: string) => void): Promise<string> {
  return name === MADE_UP ? growthSource(300) : realPackage(name, say)
}

async function measureCold(bench: Bench, profile: BuildProfile, source: string): Promise<void> {
  const builders = coldBuilders(bench, profile)
  bench.say(`${profile.name}, cold: ${builders.map(({ name }) => name).join(', ')}`)
  const samples = await interleave(
    builders,
    profile.rounds,
    async (builder, round) => {
      if (round >= builder.rounds) return undefined
      const work = workFolder(bench, builder.name)
      await forgetBuild(work)
      return builder.build({ ...placeOf(bench, source, builder.name), work })
    },
    ({ name }, error) => bench.note(`${name}, ${profile.name}: ${error.message}`),
  )
  for (const [builder, usages] of samples) {
    record(
      bench,
      `${profile.name}, cold`,
      builder,
      usages.map((usage) => usage ?? null),
    )
  }
}

function coldBuilders(
  bench: Bench,
  { rounds, djangoRounds, gulpRounds }: BuildProfile,
): readonly NamedBuilder[] {
  const runtime = bench.runtime.name
  const django = { name: 'Django collectstatic', runtime: 'system', build: djangoBuild, rounds: djangoRounds }
  return [
    { name: 'compression floor', runtime, build: floorBuild, rounds },
    { name: 'fingerpost', runtime, build: fingerpostBuild, rounds },
    ...(bench.tools.versions.django === undefined ? [] : [django]),
    { name: 'gulp-rev', runtime, build: gulpBuild, rounds: gulpRounds },
  ].filter((builder) => builder.rounds > 0)
}

/** Nothing changed. Django and gulp have no faster second time worth the minutes, but for Django's copying. */
async function measureWarm(bench: Bench, profile: BuildProfile, source: string): Promise<void> {
  const builder = { name: 'fingerpost', runtime: bench.runtime.name }
  const place = placeOf(bench, source, builder.name)
  bench.say(`${profile.name}, warm: fingerpost`)
  const samples: Usage[] = []
  for (let round = 0; round < profile.warmRounds; round++) samples.push(await fingerpostBuild(place))
  record(bench, `${profile.name}, warm`, builder, samples)
  if (bench.tools.versions.django === undefined) return
  const django = { name: 'Django collectstatic', runtime: 'system' }
  const second = await djangoBuild(placeOf(bench, source, django.name))
  record(bench, `${profile.name}, warm`, django, [second])
}

async function measureOneChange(bench: Bench, profile: BuildProfile, source: string): Promise<void> {
  const builder = { name: 'fingerpost', runtime: bench.runtime.name }
  const samples: Usage[] = []
  for (let round = 0; round < profile.warmRounds; round++) {
    await changeFile(join(source, profile.change), round)
    samples.push(await fingerpostBuild(placeOf(bench, source, builder.name)))
  }
  record(bench, `${profile.name}, one change`, builder, samples)
}

function placeOf(bench: Bench, source: string, builder: string) {
  const { runtime, product, settings } = bench
  const nodeOptions = profilerOptions(settings.profileFolder)
  return { node: runtime.path, nodeOptions, dist: product.dist, source, work: workFolder(bench, builder) }
}

function workFolder(bench: Bench, builder: string): string {
  return join(bench.work, 'builds', builder.replaceAll(/\W/g, '-'))
}

function record(
  bench: Bench,
  profile: string,
  builder: { readonly name: string; readonly runtime: string },
  samples: readonly (Usage | null)[],
): void {
  const about = { subject: 'build', profile, contestant: builder.name, runtime: builder.runtime } as const
  recordMetric(bench, about, WALL_TIME, samples, ({ wallMs }) => wallMs)
  recordMetric(bench, about, CPU_TIME, samples, ({ cpuMs }) => cpuMs)
  recordMetric(bench, about, PEAK_MEMORY, samples, ({ peakBytes }) => peakBytes)
}
