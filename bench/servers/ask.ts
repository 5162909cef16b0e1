import { request } from 'node:http'

/** A complete answer, its body as it came over the wire. */
export interface WireAnswer {
  readonly status: number
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

const LIMIT_MS = 10_000

/** One GET on a connection of its own. @throws Error if there is no complete answer in 10 s */
export function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<WireAnswer> {
  return new Promise((answered, failed) => {
    const outgoing = request({ host: '127.0.0.1', port, path, headers, agent: false, timeout: LIMIT_MS })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${path}: no answer in ${LIMIT_MS / 1000} s`)))
    outgoing.on('error', failed)
    outgoing.on('response', (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', failed)
      response.on('end', () => {
        const { statusCode = 0, rawHeaders } = response
        answered({ status: statusCode, rawHeaders, headers: response.headers, body: Buffer.concat(pieces) })
      })
    })
    outgoing.end()
  })
}
