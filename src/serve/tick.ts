import { executionAsyncResource } from 'node:async_hooks'

/** Holds on to one entry of Node's queue of ticks until it is released. */
export interface HeldTick {
  /** The entry; undefined before the next turn of the queue, and after the release. */
  readonly entry: object | undefined
  release(): void
}

/**
 * Keeps `process.nextTick` fast, which Node calls several times for every answer.
 *
 * V8 drops the hidden classes of the queue's entries when major collections find no entry, as they do in a server that
 * has nothing to do for a while. The entries after that have other classes than the compiled code expects, and making
 * one takes several times as long for the rest of the process's life (seen with Node 20 and 26). One entry that stays alive
 * keeps the classes alive.
 */
export function holdTick(): HeldTick {
  let entry: object | undefined
  process.nextTick(() => {
    // What runs now runs on behalf of its entry in the queue.
    entry = executionAsyncResource()
  })
  return {
    get entry() {
      return entry
    },
    release() {
      entry = undefined
    },
  }
}
