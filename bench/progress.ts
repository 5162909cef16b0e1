import type { Stage } from './subjects/bench.ts'

/** A stage that is done: how long it was expected to take and how long it took. */
interface Done {
  readonly expected: number
  readonly actual: number
}

/** Before so many seconds of work are done, the pace of this machine is unknown. */
const PACE_FROM_SECONDS = 30

/** Knows how far a run is and guesses how long the rest takes. All times are seconds. */
export interface Progress {
  /** What is said when a stage begins: `[3 of 58] serve: 10 KB, Node 20.20.2 (about 12 min left)`. */
  begin(stage: Stage): string
  /** Expected time of a stage on this machine. */
  expect(stage: Stage): number
  /** A stage is over, measured or left out. */
  finish(stage: Stage, actual: number | undefined): void
}

/** Estimates start from what each stage says of itself and are corrected by the pace seen so far. */
export function createProgress(stages: readonly Stage[]): Progress {
  const left = new Set(stages)
  const done: Done[] = []
  const pace = () => {
    const expected = sum(done.map((one) => one.expected))
    return expected < PACE_FROM_SECONDS ? 1 : sum(done.map(({ actual }) => actual)) / expected
  }
  return {
    begin(stage) {
      const seconds = sum([...left].map((one) => one.seconds)) * pace()
      const place = `${stages.indexOf(stage) + 1} of ${stages.length}`
      return `[${place}] ${stage.subject}: ${stage.name} (${formatLeft(seconds)} left)`
    },
    expect: (stage) => stage.seconds * pace(),
    finish(stage, actual) {
      left.delete(stage)
      if (actual !== undefined) done.push({ expected: stage.seconds, actual })
    },
  }
}

/** A guessed time as people say it. */
export function formatLeft(seconds: number): string {
  return seconds < 90 ? `about ${Math.ceil(seconds / 10) * 10} s` : `about ${Math.round(seconds / 60)} min`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
