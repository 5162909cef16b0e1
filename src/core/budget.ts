/** Lets work begin as long as what is under way fits. */
export interface Budget {
  /** Runs `work` once `amount` fits beside what is running; more than the whole budget runs alone. First come, first served. */
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
    for (let next = waiting[0]; next !== undefined && fits(next.amount); next = waiting[0]) {
      waiting.shift()
      spent += next.amount
      next.begin()
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
