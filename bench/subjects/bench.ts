import type { Measurement, Subject } from '../result/measurement.ts'
import type { Product } from '../setup/product.ts'
import type { Runtime } from '../setup/runtimes.ts'
import type { Tools } from '../setup/tools.ts'

/** What the command line asks for. */
export interface Settings {
  readonly quick: boolean
  readonly maxFiles: number
  /** Where to write CPU and allocation profiles of fingerpost; undefined: none are taken. */
  readonly profileFolder: string | undefined
}

/** Everything a subject works with. */
export interface Bench {
  readonly settings: Settings
  readonly tools: Tools
  /** What is measured; in regression mode two revisions, otherwise this tree alone. */
  readonly product: Product
  readonly runtime: Runtime
  /** The newer Node, where it can be had and isn't a matter of a quick look. */
  readonly newer: Runtime | undefined
  /** A folder for this run's own files. */
  readonly work: string
  /** Tells the person waiting what is going on. */
  say(text: string): void
  /** Adds a figure to the result. */
  record(measurement: Measurement): void
  /** Adds something a reader of the result must know. */
  note(text: string): void
}

/** Measures one subject. */
export type MeasureSubject = (bench: Bench) => Promise<void>

/** One metric of a measurement: how it is called and which way is good. */
export interface Metric {
  readonly metric: string
  readonly unit: string
  readonly better: 'more' | 'less'
}

export const WALL_TIME: Metric = { metric: 'wall time', unit: 'ms', better: 'less' }
export const CPU_TIME: Metric = { metric: 'processor time', unit: 'ms', better: 'less' }
export const PEAK_MEMORY: Metric = { metric: 'peak memory', unit: 'B', better: 'less' }

/** Records one metric of many samples. */
export function recordMetric<Sample>(
  bench: Bench,
  about: {
    readonly subject: Subject
    readonly profile: string
    readonly contestant: string
    readonly runtime: string
  },
  metric: Metric,
  samples: readonly (Sample | null)[],
  read: (sample: Sample) => number,
): void {
  bench.record({ ...about, ...metric, samples: samples.map((one) => (one === null ? null : read(one))) })
}
