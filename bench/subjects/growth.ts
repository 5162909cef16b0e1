import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Builder,
  type BuildPlace,
  changeFile,
  checkOutAnew,
  djangoBuild,
  fingerpostBuild,
  floorBuild,
  forgetBuild,
} from '../builders/builders.ts'
import type { Usage } from '../measure/node-process.ts'
import { CHANGED_FILE } from '../profiles/growth-site.ts'
import { growthSource } from '../profiles/sites.ts'
import type { Bench, PlanSubject } from './bench.ts'
import { recordUsage } from './usage.ts'

/** Numbers of files of the growing site. */
export const GROWTH_SIZES = [100, 1_000, 10_000, 50_000] as const

const SECONDS: Readonly<Record<number, number>> = { 100: 9, 1000: 18, 10000: 85, 50000: 270 }

const ROUNDS = 3

/** Above this the floor is left out: at that size both take minutes, and their ratio is known by then. */
const FLOOR_MAX_FILES = 10_000

/** Above this Django's collectstatic takes minutes. */
const DJANGO_MAX_FILES = 1_000

/** Cold, warm, one-change and fresh-checkout builds of a made-up site, a stage per size. */
export const planGrowth: PlanSubject = ({ settings: { quick, maxFiles } }) =>
  GROWTH_SIZES.filter((count) => count <= (quick ? 1_000 : maxFiles)).map((count) => ({
    ...{ subject: 'build', name: `growth to ${count} files`, seconds: quick ? 5 : (SECONDS[count] ?? 0) },
    measure: (bench) => measureGrowth(bench, count),
  }))

async function measureGrowth(bench: Bench, count: number): Promise<void> {
  const { runtime, product } = bench
  const source = join(bench.work, 'sources', `growth-${count}`)
  await rm(source, { recursive: true, force: true })
  const original = await growthSource(count)
  // A copy, as "one change" edits it.
  await cp(original, source, { recursive: true })
  const place = { node: runtime.path, dist: product.dist, source, work: join(bench.work, 'builds', 'growth') }
  if (!bench.settings.quick) await measurePeers(bench, count, place)
  await forgetBuild(place.work)
  record(bench, `${count} files, cold`, 'fingerpost', [await fingerpostBuild(place)])
  // The first build after a cold one still reads files whose stat is too young to trust; it counts for neither.
  await fingerpostBuild(place)
  const warm: Usage[] = []
  for (let round = 0; round < ROUNDS; round++) warm.push(await fingerpostBuild(place))
  record(bench, `${count} files, warm`, 'fingerpost', warm)
  const changed: Usage[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await changeFile(join(source, CHANGED_FILE), round)
    changed.push(await fingerpostBuild(place))
  }
  record(bench, `${count} files, one change`, 'fingerpost', changed)
  await checkOutAnew(original, place)
  record(bench, `${count} files, fresh checkout`, 'fingerpost', [await fingerpostBuild(place)])
  await forgetBuild(place.work)
}

/** Those that take minutes are measured only as far as that is bearable. */
async function measurePeers(bench: Bench, count: number, place: BuildPlace): Promise<void> {
  const peers: readonly (readonly [name: string, build: Builder, maxFiles: number])[] = [
    ['compression floor', floorBuild, FLOOR_MAX_FILES],
    ...(bench.tools.versions.django === undefined
      ? []
      : [['Django collectstatic', djangoBuild, DJANGO_MAX_FILES] as const]),
  ]
  for (const [name, build, maxFiles] of peers) {
    if (count > maxFiles) continue
    await forgetBuild(place.work)
    record(bench, `${count} files, cold`, name, [await build(place)])
  }
}

function record(bench: Bench, profile: string, contestant: string, samples: readonly Usage[]): void {
  const runtime = contestant.startsWith('Django') ? 'system' : bench.runtime.name
  recordUsage(bench, { subject: 'build', profile, contestant, runtime }, samples)
}
