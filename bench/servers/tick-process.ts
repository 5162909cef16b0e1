import { setTimeout as delay } from 'node:timers/promises'
import { holdTick } from '../../src/serve/tick.ts'

// Prints what `process.nextTick` takes, in nanoseconds, in a process that was busy and in the same one after it was idle.
// Needs --expose-gc: collections in idle turns stand for those that V8 makes by itself while a server waits.
// Argument: `hold` takes the plugin's precaution; without it Node is left as it is.

/** The figures that the process prints. */
export interface TickTimes {
  readonly busyNs: number
  readonly afterIdleNs: number
}

const TICKS = 2_000_000
const COLLECTIONS = 6

const held = process.argv[2] === 'hold' ? holdTick() : undefined
const busyNs = await nanosecondsPerTick()
for (let n = 0; n < COLLECTIONS; n++) {
  await delay(20)
  globalThis.gc?.()
}
const times: TickTimes = { busyNs, afterIdleNs: await nanosecondsPerTick() }
held?.release()
process.stdout.write(JSON.stringify(times))

function nanosecondsPerTick(): Promise<number> {
  return new Promise((resolve) => {
    const started = process.hrtime.bigint()
    let left = TICKS
    const tick = () => {
      if (left-- > 0) process.nextTick(tick)
      else resolve(Number(process.hrtime.bigint() - started) / TICKS)
    }
    process.nextTick(tick)
  })
}
