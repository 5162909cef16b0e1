/** Lets work begin as long as what is under way fits. */
export interface Budget {
  /**
   * Runs `work` once `amount` fits beside what is running; more than the whole budget runs alone. Whenever something
   * ends, those who wait are asked in the order they came, and every one that fits begins: a big one may be overtaken
   * by small ones, so that nothing stands still while it waits.
   */
  spend<T>(amount: number, work: () => Promise<T>): Promise<T>
}

interface Waiter {
  readonly amount: number
  readonly begin: () => void
}

/** A budget of any unit, usually bytes. */
export function createBudget(total: number): Budget {
  const waiting: Waiter[] = []
  let spent = 0
  const admit = () => {
    for (let index = 0; index < waiting.length; ) {
      const next = waiting[index]
      if (next === undefined || !fits(next.amount)) index++
      else {
        waiting.splice(index, 1)
        spent += next.amount
        next.begin()
      }
    }
  }
  const fits = (amount: number) => spent === 0 || spent + amount <= total

  return {
    async spend(amount, work) {
      await new Promise<void>((begin) => {
        waiting.push({ amount, begin })
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
