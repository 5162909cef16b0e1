/** Where jobs for the encoder wait for a core. */
export interface EncodeQueue {
  /**
   * Runs a job in its turn. The largest waiting job goes first: started last, it would keep one core busy while the
   * others have nothing left to do.
   *
   * @throws the signal's reason, instead of running, once it is aborted
   */
  run<T>(bytes: number, job: () => Promise<T>): Promise<T>
}

/**
 * Bytes of jobs started beyond the number of cores, for each core: a thread that finishes a small job takes the next at
 * once, without waiting for this thread. Two jobs ahead left two cores idle for a tenth of the time. Large jobs keep to
 * the cores: an encoder's memory grows with its input.
 */
const AHEAD_BYTES = 64 * 1024

/** Bytes that a smaller job counts as. Even for an icon an encoder holds a megabyte until this thread takes the result. */
const MIN_JOB_BYTES = 4 * 1024

/** A queue for as many jobs at once as there are cores, and more of small ones. */
export function createEncodeQueue(cores: number, signal: AbortSignal): EncodeQueue {
  // Smallest first: the next one is taken from the end.
  const waiting: Waiter[] = []
  let running = 0
  let runningBytes = 0
  const mayStart = ({ bytes }: Waiter) => running < cores || runningBytes + bytes <= cores * AHEAD_BYTES
  const admit = () => {
    for (let next = waiting.at(-1); next !== undefined && mayStart(next); next = waiting.at(-1)) {
      waiting.pop()
      running++
      runningBytes += next.bytes
      next.start()
    }
  }
  return {
    async run(inputBytes, job) {
      const bytes = Math.max(inputBytes, MIN_JOB_BYTES)
      await new Promise<void>((start) => {
        waiting.splice(findPlace(waiting, bytes), 0, { bytes, start })
        admit()
      })
      try {
        signal.throwIfAborted()
        return await job()
      } finally {
        running--
        runningBytes -= bytes
        admit()
      }
    },
  }
}

interface Waiter {
  readonly bytes: number
  readonly start: () => void
}

/** The index before all jobs that are as large: of equal jobs the first to come is taken first. */
function findPlace(waiting: readonly Waiter[], bytes: number): number {
  let from = 0
  let to = waiting.length
  while (from < to) {
    const middle = (from + to) >> 1
    if ((waiting[middle]?.bytes ?? 0) < bytes) from = middle + 1
    else to = middle
  }
  return from
}
