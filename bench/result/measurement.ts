/** The parts of the suite, in the order in which they are measured: what can best be spared comes last. */
export const SUBJECTS = [
  'serve',
  'build',
  'startup',
  'memory',
  'live',
  'scan',
  'dictionaries',
  'packages',
] as const
export type Subject = (typeof SUBJECTS)[number]

/** One figure of one contestant under one profile, measured once per round. */
export interface Measurement {
  readonly subject: Subject
  /** What was done: `20 files, Node 20.20.2`, `bootstrap, warm`. */
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

/** What one stage of a subject found, as it is saved. */
export interface StageResult {
  readonly subject: Subject
  readonly stage: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly finishedAt: string
  /** The load average over one minute before and after, our own processes among it. */
  readonly load: readonly [before: number, after: number]
  /** The share (0 to 1) of all cores' time that other programs took meanwhile; null where the system doesn't tell. */
  readonly others: number | null
  /** What was left out and why, and whatever else a reader must know. */
  readonly notes: readonly string[]
  readonly measurements: readonly Measurement[]
}

/** One call of the suite with the stages it got done. */
export interface BenchRun {
  readonly command: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  /** The commit measured; a plus sign where files differed from it. */
  readonly revision: string
  readonly machine: readonly (readonly [name: string, value: string])[]
  /** Peers that were missing and stages that were left out. */
  readonly notes: readonly string[]
  readonly results: readonly StageResult[]
}

/** Above this share of the machine for other programs, a result is said to be disturbed. */
export const DISTURBED_ABOVE = 0.1

/** True if other programs had more of the machine than a result bears. */
export function isDisturbed({ others }: StageResult): boolean {
  return others !== null && others > DISTURBED_ABOVE
}

/** True if two measurements tell of the same thing, by different contestants. */
export function areComparable(a: Measurement, b: Measurement): boolean {
  return a.subject === b.subject && a.profile === b.profile && a.metric === b.metric
}
