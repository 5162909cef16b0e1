/** One prepared answer, as the bare servers give it back. */
export interface Answer {
  readonly url: string
  readonly status: number
  /** Names and values in turn, as `response.writeHead` takes them. */
  readonly headers: readonly string[]
  /** Base64. */
  readonly body: string
}

/**
 * What the bare servers need to answer exactly as fingerpost does: its own answers, recorded. They are the limit, as
 * they decide nothing but which buffer to send.
 */
export interface RecordedAnswers {
  readonly answers: readonly Answer[]
  /** Given where If-None-Match has the answer's own ETag: the headers of a 304. */
  readonly notModified: readonly (readonly [etag: string, headers: readonly string[]])[]
}

/** What every server process is told: `process.argv[2]` as JSON. */
export interface ServerOptions {
  /** A folder that holds the build in its folder `static`. */
  readonly www: string
  /** The compiled fingerpost to serve with. */
  readonly dist: string
  /** A file with {@link RecordedAnswers}. */
  readonly answers: string
}
