import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseOwnTicks, ticksOfMachine } from './proc.ts'

/** How busy the machine was, and how much of that was not us. */
export interface Busyness {
  readonly load: readonly [before: number, after: number]
  /** 0 to 1 of all cores; null where the system doesn't tell. */
  readonly others: number | null
}

/**
 * Starts to watch what other programs take of the machine. The function that comes back ends it; by then every process
 * we started must have ended too, as the kernel accounts for children when they end.
 */
export function watchNeighbours(): () => Busyness {
  const before = countTicks()
  const load = loadNow()
  return () => ({ load: [load, loadNow()], others: shareOfOthers(before, countTicks()) })
}

interface Ticks {
  readonly busy: number
  readonly all: number
  readonly own: number
}

function countTicks(): Ticks | undefined {
  try {
    const own = parseOwnTicks(readFileSync('/proc/self/stat', 'utf8'))
    return { ...ticksOfMachine(readFileSync('/proc/stat', 'utf8')), own }
  } catch {
    return undefined
  }
}

function shareOfOthers(before: Ticks | undefined, after: Ticks | undefined): number | null {
  if (before === undefined || after === undefined || after.all === before.all) return null
  const others = after.busy - before.busy - (after.own - before.own)
  return Math.max(0, others / (after.all - before.all))
}

/** The load average over one minute: how many processes wanted a core. Ours are among them. */
function loadNow(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2))
}
