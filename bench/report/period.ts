import type { BenchRun } from '../result/measurement.ts'

/** When a run was made: `2026-01-31 09:05 to 09:40 UTC`. */
export function formatPeriod({ startedAt, finishedAt }: BenchRun): string {
  const [date = '', from = ''] = startedAt.split('T')
  const [endDate = '', until = ''] = finishedAt.split('T')
  const end = endDate === date ? until.slice(0, 5) : `${endDate} ${until.slice(0, 5)}`
  return `${date} ${from.slice(0, 5)} to ${end} UTC`
}
