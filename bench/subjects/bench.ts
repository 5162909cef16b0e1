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

/** Everything a stage works with. */
export interface Bench {
  readonly settings: Settings
  readonly tools: Tools
  /** What is measured; in regression mode two revisions, otherwise this tree alone. */
  readonly product: Product
  readonly runtime: Runtime
  /** A folder for this run's own files. */
  readonly work: string
  /** Tells the person waiting what is going on. */
  say(text: string): void
  /** Tells which round begins. */
  onRound(round: number, rounds: number): void
  /** Adds a figure to the result. */
  record(measurement: Measurement): void
  /** Adds something a reader of the result must know. */
  note(text: string): void
}

/** A part of a subject that is measured, and saved, on its own. */
export interface Stage {
  readonly subject: Subject
  readonly name: string
  /** How long it takes on two quiet cores once packages and made-up sites are there. Only estimates rest on it. */
  readonly seconds: number
  measure(bench: Bench): Promise<void>
}

/** What decides which stages a subject has. */
export interface PlanInput {
  readonly settings: Settings
  readonly runtime: Runtime
  /** The newer Node, where it can be had and isn't a matter of a quick look. */
  readonly newer: Runtime | undefined
}

/** The stages of one subject, in the order in which they are measured. */
export type PlanSubject = (input: PlanInput) => readonly Stage[]

/** One metric of a measurement: how it is called and which way is good. */
export interface Metric {
  readonly metric: string
  readonly unit: string
  readonly better: 'more' | 'less'
}

export const WALL_TIME: Metric = { metric: 'wall time', unit: 'ms', better: 'less' }
export const CPU_TIME: Metric = { metric: 'processor time', unit: 'ms', better: 'less' }
export const PEAK_MEMORY: Metric = { metric: 'peak memory', unit: 'B', better: 'less' }

/** What a figure is about. */
export interface MetricOwner {
  readonly subject: Subject
  readonly profile: string
  readonly contestant: string
  readonly runtime: string
}

/** Records one metric of many samples. */
export function recordMetric<Sample>(
  bench: Bench,
  about: MetricOwner,
  metric: Metric,
  samples: readonly (Sample | null)[],
  read: (sample: Sample) => number,
): void {
  bench.record({ ...about, ...metric, samples: samples.map((one) => (one === null ? null : read(one))) })
}
