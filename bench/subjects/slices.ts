import type { LoadResult } from '../load/load.ts'
import type { Contestant } from '../servers/contestants.ts'
import { type Bench, type MetricOwner, recordMetric } from './bench.ts'

/** One slice of load on one server. */
export interface Slice extends LoadResult {
  /** Processor time the server took meanwhile; undefined where the system doesn't tell. */
  readonly cpuMs: number | undefined
}

/** Records what many slices on one server came to. */
export function recordSlices(
  bench: Bench,
  {
    profile,
    contestant,
    samples,
  }: {
    readonly profile: string
    readonly contestant: Contestant
    readonly samples: readonly (Slice | null)[]
  },
): void {
  const { name, runtime } = contestant
  const about: MetricOwner = { subject: 'serve', profile, contestant: name, runtime }
  const rate = { metric: 'requests/s', unit: '1/s', better: 'more' } as const
  const p99 = { metric: 'latency p99', unit: 'ms', better: 'less' } as const
  const perCpu = { metric: 'requests per processor second', unit: '1/s', better: 'more' } as const
  recordMetric(bench, about, rate, samples, ({ requests, seconds }) => requests / seconds)
  recordMetric(bench, about, p99, samples, (slice) => slice.p99)
  if (samples.every((slice) => slice === null || slice.cpuMs === undefined)) return
  const busy = { metric: 'server busy', unit: '%', better: 'more' } as const
  recordMetric(bench, about, perCpu, samples, ({ requests, cpuMs = Number.NaN }) => (requests * 1000) / cpuMs)
  recordMetric(bench, about, busy, samples, ({ cpuMs = Number.NaN, seconds }) => cpuMs / 10 / seconds)
}
