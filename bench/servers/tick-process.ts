import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

// Tells what `process.nextTick` takes, in nanoseconds, in a process that was busy and in the same one after it was idle.
// Needs --expose-gc: collections in idle turns stand for those that V8 makes by itself while a server waits.
// Argument: the folder of a compiled fingerpost whose plugin's precaution is taken; none: Node as it is.

/** What the process says at its end. */
export interface TickTimes {
  readonly busyNs: number
  readonly afterIdleNs: number
}

const TICKS = 2_000_000
const COLLECTIONS = 6

const [dist] = process.argv.slice(2)
const held = dist === undefined ? undefined : await hold(dist)
const busyNs = await nanosecondsPerTick()
for (let n = 0; n < COLLECTIONS; n++) {
  await delay(20)
  globalThis.gc?.()
}
const times: TickTimes = { busyNs, afterIdleNs: await nanosecondsPerTick() }
held?.release()
process.stdout.write(JSON.stringify(times))

async function hold(folder: string): Promise<{ release(): void }> {
  const loaded: unknown = await import(pathToFileURL(join(folder, 'serve', 'tick.js')).href)
  return (loaded as { holdTick(): { release(): void } }).holdTick()
}

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
