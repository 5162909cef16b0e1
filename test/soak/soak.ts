// Serves while strangers do what they can, and looks for what stays: npm run soak -- SECONDS (default 600)
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { SCENARIOS } from './scenarios.ts'
import { createWorld } from './world.ts'

const SECONDS = Number(process.argv[2] ?? 600)
/** Growth of heap and buffers after the first fifth of the run that counts as a leak. */
const MOST_GROWTH_BYTES = 5_000_000
const MOST_MORE_DESCRIPTORS = 5
/** Descriptors open at once: each scenario has some connections, with both ends in this process. */
const MOST_DESCRIPTORS = 400
/** Heap and buffers at any moment: requests of some kilobytes have asked for gigabytes. */
const MOST_BYTES = 500_000_000

const world = await createWorld()
const end = Date.now() + SECONDS * 1000
const rounds: Record<string, number> = {}
const faults: unknown[] = []
const peak = { bytes: 0, descriptors: 0 }
let resting = false
let busy = 0

process.on('uncaughtException', (error) => faults.push(error))

async function repeat(name: string): Promise<void> {
  while (Date.now() < end && faults.length === 0) {
    while (resting) await sleep(50)
    busy++
    try {
      await SCENARIOS[name]?.(world)
    } catch (error) {
      faults.push(new Error(name, { cause: error }))
    }
    busy--
    rounds[name] = (rounds[name] ?? 0) + 1
  }
}

function look() {
  const { heapUsed, external } = process.memoryUsage()
  return { bytes: heapUsed + external, descriptors: readdirSync('/proc/self/fd').length }
}

/** What is there while nothing happens: the least of ten looks. */
async function measure() {
  resting = true
  while (busy > 0) await sleep(50)
  const looks: ReturnType<typeof look>[] = []
  for (let n = 0; n < 10; n++) {
    await sleep(300)
    globalThis.gc?.()
    looks.push(look())
  }
  const leases = world.openLeases()
  if (leases > 0) faults.push(new Error(`${leases} uploads have a reserved quota`))
  resting = false
  const least = (values: readonly number[]) => Math.min(...values)
  return {
    bytes: least(looks.map(({ bytes }) => bytes)),
    descriptors: least(looks.map(({ descriptors }) => descriptors)),
  }
}

const watch = setInterval(() => {
  const { bytes, descriptors } = look()
  peak.bytes = Math.max(peak.bytes, bytes)
  peak.descriptors = Math.max(peak.descriptors, descriptors)
}, 20)
const work = Object.keys(SCENARIOS).flatMap((name) => [
  repeat(name),
  ...(name === 'visits' ? [repeat(name)] : []),
])
await sleep((SECONDS * 1000) / 5)
const before = await measure()
await Promise.all(work)
const after = await measure()
clearInterval(watch)
const damaged = world.damaged()
console.log({ node: process.version, rounds, before, after, peak, damaged })
for (const fault of faults) console.error(fault)
const isFlat =
  after.bytes - before.bytes <= MOST_GROWTH_BYTES &&
  after.descriptors - before.descriptors <= MOST_MORE_DESCRIPTORS &&
  peak.descriptors <= MOST_DESCRIPTORS &&
  peak.bytes <= MOST_BYTES
if (!isFlat) console.error('Memory or descriptors have grown.')
// A server waits for connections that a fault has left open.
await Promise.race([world.close(), sleep(10_000)])
process.exit(isFlat && faults.length === 0 && damaged === 0 ? 0 : 1)
