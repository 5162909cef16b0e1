import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { changeFile, fingerpostBuild, floorBuild, forgetBuild } from '../builders/builders.ts'
import type { Usage } from '../measure/node-process.ts'
import { CHANGED_FILE } from '../profiles/growth-site.ts'
import { growthSource } from '../profiles/sites.ts'
import { type Bench, CPU_TIME, PEAK_MEMORY, recordMetric, WALL_TIME } from './bench.ts'

/** Numbers of files of the growing site. */
export const GROWTH_SIZES = [100, 1_000, 10_000, 50_000] as const

const ROUNDS = 3

/** Above this the floor is left out: at that size both take minutes, and their ratio is known by then. */
const FLOOR_MAX_FILES = 10_000

/** Cold, warm and one-change builds of a made-up site, at growing sizes. */
export async function measureGrowth(bench: Bench): Promise<void> {
  const { quick, maxFiles } = bench.settings
  for (const count of quick ? GROWTH_SIZES.slice(0, 2) : GROWTH_SIZES.filter((size) => size <= maxFiles)) {
    const source = join(bench.work, 'sources', `growth-${count}`)
    await rm(source, { recursive: true, force: true })
    await cp(await growthSource(count), source, { recursive: true })
    const work = join(bench.work, 'builds', 'growth')
    await forgetBuild(work)
    bench.say(`${count} made-up files: cold, warm, one change`)
    const place = { node: bench.runtime.path, dist: bench.product.dist, source, work }
    record(bench, `${count} files, cold`, 'fingerpost', [await fingerpostBuild(place)])
    if (count <= FLOOR_MAX_FILES)
      record(bench, `${count} files, cold`, 'compression floor', [await floorBuild(place)])
    const warm: Usage[] = []
    for (let round = 0; round < ROUNDS; round++) warm.push(await fingerpostBuild(place))
    record(bench, `${count} files, warm`, 'fingerpost', warm)
    const changed: Usage[] = []
    for (let round = 0; round < ROUNDS; round++) {
      await changeFile(join(source, CHANGED_FILE), round)
      changed.push(await fingerpostBuild(place))
    }
    record(bench, `${count} files, one change`, 'fingerpost', changed)
  }
}

function record(bench: Bench, profile: string, contestant: string, samples: readonly Usage[]): void {
  const about = { subject: 'build', profile, contestant, runtime: bench.runtime.name } as const
  recordMetric(bench, about, WALL_TIME, samples, ({ wallMs }) => wallMs)
  recordMetric(bench, about, CPU_TIME, samples, ({ cpuMs }) => cpuMs)
  recordMetric(bench, about, PEAK_MEMORY, samples, ({ peakBytes }) => peakBytes)
}
