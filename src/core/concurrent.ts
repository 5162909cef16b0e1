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

/** Limits work by the sum of its amounts, usually bytes. */
export interface Budget {
  /**
   * Runs `work` once `amount` fits beside what is running; more than the whole budget runs alone. Work waits in order,
   * but small work may overtake large work that doesn't fit yet.
   */
  spend<T>(amount: number, work: () => Promise<T>): Promise<T>
}

export function createBudget(total: number): Budget {
  const waiting: { readonly amount: number; readonly start: () => void }[] = []
  let spent = 0
  const fits = (amount: number) => spent === 0 || spent + amount <= total
  const admit = () => {
    for (let index = 0; index < waiting.length; ) {
      const next = waiting[index]
      if (next === undefined || !fits(next.amount)) index++
      else {
        waiting.splice(index, 1)
        spent += next.amount
        next.start()
      }
    }
  }
  return {
    async spend(amount, work) {
      await new Promise<void>((start) => {
        waiting.push({ amount, start })
        admit()
      })
      try {
        return await work()
      } finally {
        spent -= amount
        admit()
      }
    },
  }
}
