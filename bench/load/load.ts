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

/** The result itself, if no answer failed. @throws Error naming how many did */
export function withoutErrors(result: LoadResult): LoadResult {
  if (result.errors === 0 && result.requests > 0) return result
  throw new Error(`${result.errors} of ${result.requests} answers failed under load`)
}
