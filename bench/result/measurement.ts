/** The parts of the suite. */
export const SUBJECTS = ['serve', 'build', 'scan', 'startup', 'memory'] as const
export type Subject = (typeof SUBJECTS)[number]

/** One figure of one contestant under one profile, measured once per round. */
export interface Measurement {
  readonly subject: Subject
  /** What was done: `20 files`, `fontawesome-free, warm`. */
  readonly profile: string
  readonly contestant: string
  /** What ran it: `Node 20.20.2`, `system`. */
  readonly runtime: string
  /** What was measured: `requests/s`, `wall time`. */
  readonly metric: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** By round; null where a round failed. Samples of one round stand side by side in time. */
  readonly samples: readonly (number | null)[]
}

/** One subject, measured once, as it is saved. */
export interface BenchRun {
  readonly subject: Subject
  readonly command: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly finishedAt: string
  /** The commit measured; a plus sign where files differed from it. */
  readonly revision: string
  readonly machine: readonly (readonly [name: string, value: string])[]
  /** What was left out and why, and whatever else a reader must know. */
  readonly notes: readonly string[]
  readonly measurements: readonly Measurement[]
}

/** True if two measurements tell of the same thing, by different contestants. */
export function areComparable(a: Measurement, b: Measurement): boolean {
  return a.subject === b.subject && a.profile === b.profile && a.metric === b.metric
}
