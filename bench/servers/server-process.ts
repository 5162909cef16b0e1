import { readFileSync } from 'node:fs'
import type { RecordedAnswers, ServerOptions } from './answers.ts'

/** The options a server process was started with. */
export function readOptions(): ServerOptions {
  return JSON.parse(process.argv[2] ?? '') as ServerOptions
}

/** A recorded answer, ready to send. */
export interface PreparedAnswer {
  readonly status: number
  readonly headers: string[]
  readonly body: Buffer
  readonly etag: string | undefined
}

/** The recorded answers by URL, and the headers of a 304 by ETag. */
export function prepareAnswers(file: string): {
  readonly byUrl: ReadonlyMap<string, PreparedAnswer>
  readonly notModified: ReadonlyMap<string, string[]>
} {
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as RecordedAnswers
  const byUrl = new Map<string, PreparedAnswer>()
  for (const { url, status, headers, body } of recorded.answers) {
    const etag = headers[headers.findIndex((name) => name.toLowerCase() === 'etag') + 1]
    byUrl.set(url, { status, headers: [...headers], body: Buffer.from(body, 'base64'), etag })
  }
  return { byUrl, notModified: new Map(recorded.notModified.map(([etag, headers]) => [etag, [...headers]])) }
}

/** Tells the suite where the server listens, and ends the process cleanly (so that profiles are written) on SIGTERM. */
export function announce(port: number): void {
  process.once('SIGTERM', () => process.exit(0))
  process.stdout.write(`${JSON.stringify({ port })}\n`)
}
