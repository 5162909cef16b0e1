/** Where jobs for the encoder wait for a core. */
export interface EncoderLine {
  /**
   * Runs a job when its turn comes. Of all that wait, the largest goes first: a big one begun last would keep one core
   * busy while the others have nothing left to do.
   *
   * @throws the signal's reason, instead of running, once it is aborted
   */
  run<T>(bytes: number, job: () => Promise<T>): Promise<T>
}

interface Waiter {
  readonly bytes: number
  readonly begin: () => void
}

/**
 * Bytes of jobs begun beyond the number of cores, for each core. A thread that has ended one takes the next from its
 * queue at once, without waiting until this thread has time to give it one; with icons of 1 to 4 KB that is long. (Two
 * jobs ahead left two cores idle for a tenth of the time.) What an encoder takes in memory goes with the size of its
 * input, so big jobs keep to the cores.
 */
const AHEAD_BYTES = 64 * 1024

/**
 * Bytes that a smaller job counts as. However small its input, an encoder takes a megabyte, and keeps it until this
 * thread takes the result: a hundred results of icons that wait for a busy thread would take a hundred megabytes.
 */
const MIN_JOB_BYTES = 4 * 1024

/** A line for as many jobs at once as there are cores, and small ones more. */
export function createEncoderLine(cores: number, signal: AbortSignal): EncoderLine {
  // Smallest first, so that the next is taken from the end.
  const waiting: Waiter[] = []
  let running = 0
  let runningBytes = 0
  const mayBegin = ({ bytes }: Waiter) => running < cores || runningBytes + bytes <= cores * AHEAD_BYTES
  const admit = () => {
    for (let next = waiting.at(-1); next !== undefined && mayBegin(next); next = waiting.at(-1)) {
      waiting.pop()
      running++
      runningBytes += next.bytes
      next.begin()
    }
  }

  return {
    async run(inputBytes, job) {
      const bytes = Math.max(inputBytes, MIN_JOB_BYTES)
      await new Promise<void>((begin) => {
        waiting.splice(findPlace(waiting, bytes), 0, { bytes, begin })
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

/** Where a job belongs: before all that are as large, so that of two the one that came first is taken first. */
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
