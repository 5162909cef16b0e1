/** Numbers that look random and are the same for the same seed (mulberry32). */
export interface Random {
  /** From 0, below `limit`. */
  below(limit: number): number
  pick<T>(values: readonly [T, ...T[]]): T
  /** True once in so many times. */
  oneIn(times: number): boolean
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick: (values) => values[below(values.length)] ?? values[0],
    oneIn: (times) => below(times) === 0,
  }
}
