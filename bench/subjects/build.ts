import type { PlanSubject } from './bench.ts'
import { planBuildSpeed } from './build-speed.ts'
import { planEncoders } from './encoders.ts'
import { planGrowth } from './growth.ts'

/** Building: real packages against the peers, made-up sites of growing size, and the encoders alone. */
export const planBuilding: PlanSubject = (input) => [
  ...planBuildSpeed(input),
  ...planGrowth(input),
  ...planEncoders(input),
]
