import type { PlanSubject } from './bench.ts'
import { planBuildSpeed } from './build-speed.ts'
import { planEncoders } from './encoders.ts'
import { planGrowth } from './growth.ts'
import { planReportPage } from './report-page.ts'

/** Building: real packages against the peers, made-up sites of growing size, the encoders alone, and a report. */
export const planBuilding: PlanSubject = (input) => [
  ...planBuildSpeed(input),
  ...planGrowth(input),
  ...planEncoders(input),
  ...planReportPage(input),
]
