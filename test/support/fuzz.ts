import fc from 'fast-check'

const seconds = process.env['FINGERPOST_FUZZ_SECONDS']

/** The parameters of a property that say how long it is tried. */
export type Runs = Pick<fc.GlobalParameters, 'numRuns' | 'interruptAfterTimeLimit' | 'markInterruptAsFailure'>

/** How often a property is tried: so many times in `npm test`, until its time is over in `npm run fuzz`. */
export function runs(numRuns: number): Runs {
  if (seconds === undefined) return { numRuns }
  const interruptAfterTimeLimit = Number(seconds) * 1000
  return { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit, markInterruptAsFailure: false }
}

// Of the properties that don't say how often.
fc.configureGlobal(runs(100))
