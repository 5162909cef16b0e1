/** What is asked of a server, over and over. */
export interface LoadPlan {
  readonly host: string
  readonly port: number
  /** Asked in turn. */
  readonly paths: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
  /** The status every answer must have. */
  readonly status: number
}

/** What came back. */
export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Bytes received, headers included. */
  readonly bytes: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Answers that failed or had another status class. */
  readonly errors: number
}

/** Makes load for a bounded time. @throws Error if any answer was not as planned */
export interface LoadGenerator {
  readonly name: string
  run(plan: LoadPlan): Promise<LoadResult>
}

/** The result itself, if there were answers and none failed. @throws Error naming how many did */
export function withoutErrors(result: LoadResult): LoadResult {
  const { errors, requests, seconds } = result
  if (errors > 0) throw new Error(`${errors} of ${requests} answers failed under load`)
  if (requests === 0) throw new Error(`no answer was complete after ${seconds.toFixed(1)} s`)
  return result
}
