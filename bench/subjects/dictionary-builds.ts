import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuildPlace, changeFile, fingerpostBuild } from '../builders/builders.ts'
import { interleave } from '../measure/rounds.ts'
import { growthSource } from '../profiles/sites.ts'
import { OURS } from '../result/comparison.ts'
import type { Runtime } from '../setup/runtimes.ts'
import type { Bench, Stage } from './bench.ts'
import { recordUsage } from './usage.ts'

const FILES = 5_000
const ROUNDS = 7

/** Stylesheets that no other file names: a change of one changes no other. */
const CHANGED = Array.from({ length: 20 }, (_, index) => `part-0/style-${index * 20 + 14}.css`)

/** More files than browsers hold: every file that changes shall have its delta. */
const CONFIG = JSON.stringify({ dictionaries: { maxFiles: FILES } })

/** What deltas add to a build, of nothing and of twenty files. On a Node that makes deltas. */
export function planDictionaryBuilds(runtime: Runtime): Stage {
  return {
    ...{ subject: 'dictionaries', name: `builds of ${FILES} files`, seconds: 90 },
    measure: (bench) => measureBuilds(bench, runtime),
  }
}

async function measureBuilds(bench: Bench, runtime: Runtime): Promise<void> {
  const contestants = [
    { name: OURS, place: await prepare(bench, runtime, 'plain') },
    { name: `${OURS}, dictionaries`, place: await prepare(bench, runtime, 'dictionaries', CONFIG) },
  ]
  for (const [profile, changed] of [
    ['nothing changed', []],
    [`${CHANGED.length} changed`, CHANGED],
  ] as const) {
    const samples = await interleave({
      contestants,
      rounds: ROUNDS,
      async measure({ place }, round) {
        for (const file of changed) await changeFile(join(place.source, file), round)
        return fingerpostBuild(place)
      },
      onRound: bench.onRound,
      onFailure: ({ name }, error) => bench.note(`${name}: ${error.message}`),
    })
    for (const [{ name }, usages] of samples) {
      const about = { subject: 'dictionaries', contestant: name, runtime: runtime.name } as const
      recordUsage(bench, { ...about, profile: `build of ${FILES} files, ${profile}` }, usages)
    }
  }
}

/** A site of its own that has been built twice: the first build after a cold one still reads young files. */
async function prepare(bench: Bench, runtime: Runtime, name: string, config = '{}'): Promise<BuildPlace> {
  const source = join(bench.work, 'sources', `growth-${name}`)
  const work = join(bench.work, 'builds', `growth-${name}`)
  await cp(await growthSource(FILES), source, { recursive: true })
  await mkdir(work, { recursive: true })
  await writeFile(join(work, 'fingerpost.config.json'), config)
  const place = { node: runtime.path, dist: bench.product.dist, source, work }
  for (let build = 0; build < 2; build++) await fingerpostBuild(place)
  return place
}
