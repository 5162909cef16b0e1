import type { Bench } from './bench.ts'
import { measureBuildSpeed } from './build-speed.ts'
import { measureEncoders } from './encoders.ts'
import { measureGrowth } from './growth.ts'

/** Building: real packages against the peers, made-up sites of growing size, and the encoders alone. */
export async function measureBuilding(bench: Bench): Promise<void> {
  await measureBuildSpeed(bench)
  await measureGrowth(bench)
  await measureEncoders(bench)
}
