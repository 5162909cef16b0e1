import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Builder,
  type BuildPlace,
  changeFile,
  checkOutAnew,
  djangoBuild,
  fingerpostBuild,
  fingerpostBuildAfter,
  floorBuild,
  forgetBuild,
  gulpBuild,
  packBuild,
} from '../builders/builders.ts'
import type { Usage } from '../measure/node-process.ts'
import { interleave } from '../measure/rounds.ts'
import { profilerOptions } from '../profiler/node-options.ts'
import { CHANGED_FILE } from '../profiles/growth-site.ts'
import { growthSource } from '../profiles/sites.ts'
import { OURS } from '../result/comparison.ts'
import { serveFolder } from '../servers/folder.ts'
import { siteFolder } from '../setup/packages.ts'
import type { Bench, PlanSubject } from './bench.ts'
import { recordUsage } from './usage.ts'

const DJANGO = 'Django collectstatic'

/** Builds of a fresh checkout with a carried cache. */
const CHECKOUTS = 3

/** The name of the site that is made up instead of installed. */
const MADE_UP = '300 made-up files'

/** A real package to build, and how often those may build it that take minutes. */
interface BuildProfile {
  readonly name: string
  /** The file that "one change" edits. */
  readonly change: string
  readonly rounds: number
  readonly djangoRounds: number
  /** Django's second time takes as long as its first but for copying; it is shown where that is short. */
  readonly djangoWarmRounds: number
  /** None where gulp-rev-rewrite, which tries every name in every file, would take minutes. */
  readonly gulpRounds: number
  readonly warmRounds: number
  readonly seconds: {
    readonly cold: number
    readonly warm: number
    readonly change: number
    readonly checkout: number
  }
}

const PROFILES: readonly BuildProfile[] = [
  {
    ...{ name: 'bootstrap', change: 'dist/css/bootstrap.css' },
    ...{ rounds: 5, djangoRounds: 1, djangoWarmRounds: 1, gulpRounds: 1, warmRounds: 7 },
    seconds: { cold: 105, warm: 28, change: 12, checkout: 8 },
  },
  {
    ...{ name: '@fortawesome/fontawesome-free', change: 'css/fontawesome.css' },
    ...{ rounds: 3, djangoRounds: 1, djangoWarmRounds: 0, gulpRounds: 0, warmRounds: 7 },
    seconds: { cold: 200, warm: 6, change: 12, checkout: 12 },
  },
]

/** Stands in for a package in a quick look. */
const QUICK: BuildProfile = {
  ...{ name: MADE_UP, change: CHANGED_FILE },
  ...{ rounds: 1, djangoRounds: 1, djangoWarmRounds: 0, gulpRounds: 1, warmRounds: 3 },
  seconds: { cold: 8, warm: 1, change: 1, checkout: 2 },
}

interface NamedBuilder {
  readonly name: string
  readonly runtime: string
  readonly build: Builder
  readonly rounds: number
}

/** Real packages, built cold by everybody; warm and with one change by those that remember. A stage for each. */
export const planBuildSpeed: PlanSubject = ({ settings }) =>
  (settings.quick ? [QUICK] : PROFILES).flatMap((profile) => {
    const { name, seconds } = profile
    return [
      {
        ...{ subject: 'build', name: `${name}, cold`, seconds: seconds.cold },
        measure: (bench) => measureCold(bench, profile),
      },
      {
        ...{ subject: 'build', name: `${name}, warm`, seconds: seconds.warm },
        measure: (bench) => measureWarm(bench, profile),
      },
      {
        ...{ subject: 'build', name: `${name}, one change`, seconds: seconds.change },
        measure: (bench) => measureOneChange(bench, profile),
      },
      {
        ...{ subject: 'build', name: `${name}, fresh checkout`, seconds: seconds.checkout },
        measure: (bench) => measureFreshCheckout(bench, profile),
      },
      {
        ...{ subject: 'build', name: `${name}, one change on an empty disk`, seconds: 4 * seconds.checkout },
        measure: (bench) => measureEmptyDisk(bench, profile),
      },
    ]
  })

/** The site, in a copy that "one change" may edit; made once a run. */
async function copyOf(bench: Bench, { name }: BuildProfile): Promise<string> {
  const copy = join(bench.work, 'sources', name)
  if (!existsSync(copy)) await cp(await sourceOf(name), copy, { recursive: true })
  return copy
}

async function sourceOf(name: string): Promise<string> {
  return name === MADE_UP ? growthSource(300) : siteFolder(name)
}

async function measureCold(bench: Bench, profile: BuildProfile): Promise<void> {
  const source = await copyOf(bench, profile)
  const samples = await interleave({
    contestants: coldBuilders(bench, profile),
    rounds: profile.rounds,
    async measure(builder, round) {
      if (round >= builder.rounds) return undefined
      const work = workFolder(bench, builder.name)
      await forgetBuild(work)
      return builder.build(placeOf(bench, source, builder.name))
    },
    onRound: bench.onRound,
    onFailure: ({ name }, error) => bench.note(`${name}: ${error.message}`),
  })
  for (const [builder, usages] of samples) {
    const taken = usages.map((usage) => usage ?? null)
    record(bench, `${profile.name}, cold`, builder, taken)
  }
}

function coldBuilders(
  bench: Bench,
  { rounds, djangoRounds, gulpRounds }: BuildProfile,
): readonly NamedBuilder[] {
  const runtime = bench.runtime.name
  const django = { name: DJANGO, runtime: 'system', build: djangoBuild, rounds: djangoRounds }
  return [
    { name: 'compression floor', runtime, build: floorBuild, rounds },
    { name: OURS, runtime, build: fingerpostBuild, rounds },
    ...(bench.tools.versions.django === undefined ? [] : [django]),
    { name: 'gulp-rev', runtime, build: gulpBuild, rounds: gulpRounds },
  ].filter((builder) => builder.rounds > 0)
}

/** Nothing changed. Gulp has no faster second time. */
async function measureWarm(bench: Bench, profile: BuildProfile): Promise<void> {
  const place = await builtOnce(bench, profile)
  const samples: Usage[] = []
  for (let round = 0; round < profile.warmRounds; round++) samples.push(await fingerpostBuild(place))
  record(bench, `${profile.name}, warm`, ours(bench), samples)
  if (bench.tools.versions.django === undefined || profile.djangoWarmRounds === 0) return
  const django = { name: DJANGO, runtime: 'system' }
  const djangoPlace = placeOf(bench, place.source, DJANGO)
  if (!existsSync(djangoPlace.work)) await djangoBuild(djangoPlace)
  const second: Usage[] = []
  for (let round = 0; round < profile.djangoWarmRounds; round++) second.push(await djangoBuild(djangoPlace))
  record(bench, `${profile.name}, warm`, django, second)
}

async function measureOneChange(bench: Bench, profile: BuildProfile): Promise<void> {
  const place = await builtOnce(bench, profile)
  const samples: Usage[] = []
  for (let round = 0; round < profile.warmRounds; round++) {
    await changeFile(join(place.source, profile.change), round)
    samples.push(await fingerpostBuild(place))
  }
  record(bench, `${profile.name}, one change`, ours(bench), samples)
}

async function measureFreshCheckout(bench: Bench, profile: BuildProfile): Promise<void> {
  const place = await builtOnce(bench, profile)
  const samples: Usage[] = []
  for (let round = 0; round < CHECKOUTS; round++) {
    await checkOutAnew(await sourceOf(profile.name), place)
    samples.push(await fingerpostBuild(place))
  }
  record(bench, `${profile.name}, fresh checkout`, ours(bench), samples)
}

/** What a CI job builds after a commit, by what it carried over from the one before. */
async function measureEmptyDisk(bench: Bench, profile: BuildProfile): Promise<void> {
  const earlier = await builtOnce(bench, profile)
  const archive = await packBuild(earlier)
  const server = await serveFolder(join(earlier.work, 'static'))
  const carried = [
    { name: `${OURS}, cache carried over`, previous: undefined },
    { name: `${OURS} --previous last-build.tar`, previous: archive },
    { name: `${OURS} --previous http://…`, previous: `${server.origin}/manifest.json` },
  ] as const
  const samples = await interleave({
    contestants: carried,
    rounds: CHECKOUTS,
    async measure({ name, previous }, round) {
      const ownPlace = placeOf(bench, join(bench.work, 'sources', 'checkout'), name)
      const place = previous === undefined ? { ...earlier, source: ownPlace.source } : ownPlace
      await checkOutAnew(await sourceOf(profile.name), place)
      if (previous !== undefined) await forgetBuild(place.work)
      await changeFile(join(place.source, profile.change), round)
      return fingerpostBuildAfter(place, previous)
    },
    onRound: bench.onRound,
    onFailure: ({ name }, error) => bench.note(`${name}: ${error.message}`),
  }).finally(server.close)
  for (const [{ name }, usages] of samples)
    record(bench, `${profile.name}, one change on an empty disk`, { ...ours(bench), name }, usages)
}

/** A place where fingerpost has just built the site, whatever an earlier stage left there. */
async function builtOnce(bench: Bench, profile: BuildProfile): Promise<BuildPlace> {
  const place = placeOf(bench, await copyOf(bench, profile), OURS)
  await fingerpostBuild(place)
  return place
}

function ours({ runtime }: Bench): { readonly name: string; readonly runtime: string } {
  return { name: OURS, runtime: runtime.name }
}

function placeOf(bench: Bench, source: string, builder: string): BuildPlace {
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
  recordUsage(bench, about, samples)
}
