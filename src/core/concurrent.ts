/**
 * Calls `work` for every item, at most `limit` at a time; results are in the order of the items. After the first
 * rejection no other item is started, and it rejects when the running ones have settled.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const queue = items.entries()
  let failure: { readonly error: unknown } | undefined
  const take = async (): Promise<void> => {
    // All takers share one iterator.
    for (const [index, item] of queue) {
      if (failure !== undefined) return
      results[index] = await work(item)
    }
  }
  const takers = Array.from({ length: Math.min(limit, items.length) }, () =>
    take().catch((error: unknown) => {
      failure ??= { error }
    }),
  )
  await Promise.all(takers)
  if (failure !== undefined) throw failure.error
  return results
}
