/**
 * Calls `work` for every item, at most `limit` at a time, and gives the results in the order of the items. The first
 * rejection rejects the whole, no further item is begun after it, and what is under way is waited for: nothing goes on
 * behind the caller's back.
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
    // All takers share one iterator: whoever is free draws the next item.
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
