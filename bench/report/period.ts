/** A start and an end, ISO 8601, UTC. */
export interface Period {
  readonly startedAt: string
  readonly finishedAt: string
}

/** When something was measured: `2026-01-31 09:05 to 09:40 UTC`. */
export function formatPeriod({ startedAt, finishedAt }: Period): string {
  const [date = '', from = ''] = startedAt.split('T')
  const [endDate = '', until = ''] = finishedAt.split('T')
  const end = endDate === date ? until.slice(0, 5) : `${endDate} ${until.slice(0, 5)}`
  return `${date} ${from.slice(0, 5)} to ${end} UTC`
}
