import type { Usage } from '../measure/node-process.ts'
import { type Bench, CPU_TIME, type MetricOwner, PEAK_MEMORY, recordMetric, WALL_TIME } from './bench.ts'

/** Records what whole processes took. */
export function recordUsage(bench: Bench, about: MetricOwner, samples: readonly (Usage | null)[]): void {
  recordMetric(bench, about, WALL_TIME, samples, ({ wallMs }) => wallMs)
  recordMetric(bench, about, CPU_TIME, samples, ({ cpuMs }) => cpuMs)
  recordMetric(bench, about, PEAK_MEMORY, samples, ({ peakBytes }) => peakBytes)
}
