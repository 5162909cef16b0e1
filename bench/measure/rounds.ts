/**
 * The order of one round: each round starts with another contestant and every second one runs backwards, so that
 * nobody always follows the same neighbour or always meets a warm cache.
 */
export function orderOfRound<T>(contestants: readonly T[], round: number): readonly T[] {
  const start = contestants.length === 0 ? 0 : round % contestants.length
  const rotated = [...contestants.slice(start), ...contestants.slice(0, start)]
  return round % 2 === 0 ? rotated : rotated.reverse()
}

/** What is measured in rounds. */
export interface Rounds<T, Sample> {
  readonly contestants: readonly T[]
  readonly rounds: number
  measure(contestant: T, round: number): Promise<Sample>
  /** A round that fails leaves null and this. */
  onFailure(contestant: T, error: Error): void
  /** Told before each round, counted from 0. */
  onRound?(round: number, rounds: number): void
}

/** The samples of several contestants, taken in interleaved rounds. */
export async function interleave<T, Sample>({
  contestants,
  rounds,
  measure,
  onFailure,
  onRound,
}: Rounds<T, Sample>): Promise<ReadonlyMap<T, readonly (Sample | null)[]>> {
  const samples = new Map<T, (Sample | null)[]>(contestants.map((one) => [one, []]))
  for (let round = 0; round < rounds; round++) {
    onRound?.(round, rounds)
    for (const contestant of orderOfRound(contestants, round)) {
      const sample = await measure(contestant, round).catch((error: Error) => {
        onFailure(contestant, error)
        return null
      })
      samples.get(contestant)?.push(sample)
    }
  }
  return samples
}
