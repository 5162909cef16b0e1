/** Does something with every item, several at a time; the first failure ends it once those under way have ended. */
export async function forEachParallel<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  let failed = false
  const worker = async () => {
    for (const item of queue) {
      if (failed) return
      await work(item).catch((error: unknown) => {
        failed = true
        throw error
      })
    }
  }
  const results = await Promise.allSettled(Array.from({ length: Math.max(1, concurrency) }, worker))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
