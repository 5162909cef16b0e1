import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import fingerpost, { type FingerpostOptions } from '../../src/index.ts'

/** An answer as it came over the wire: nothing decoded, nothing normalised. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

/** A listening app, closed when the test ends. */
export interface Running {
  readonly app: FastifyInstance
  readonly port: number
  get(path: string, headers?: OutgoingHttpHeaders, method?: string): Promise<Answer>
}

/** An app with the plugin alone. */
export async function start(
  context: TestContext,
  options: FingerpostOptions,
  server: FastifyServerOptions = {},
): Promise<Running> {
  const app = Fastify(server)
  await app.register(fingerpost, options)
  return listen(context, app)
}

/** Lets an app listen on a free port of 127.0.0.1. */
export async function listen(context: TestContext, app: FastifyInstance): Promise<Running> {
  context.after(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { port } = address
  return { app, port, get: (path, headers, method) => exchange(port, path, headers, method) }
}

/** One request on a connection of its own; the path is sent as it is written. */
export function exchange(
  port: number,
  path: string,
  headers: OutgoingHttpHeaders = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers, method, agent: false }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers, rawHeaders } = response
        resolve({ status, headers, rawHeaders, body: Buffer.concat(pieces) })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** Sends bytes as they are and returns all that comes back until the server closes or `quietMs` pass in silence. */
export function talk(port: number, message: string | Uint8Array, quietMs = 1000): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(message))
    socket.setTimeout(quietMs, () => socket.destroy())
    socket.on('data', (piece) => pieces.push(piece))
    socket.on('error', (error) => (pieces.length > 0 ? undefined : reject(error)))
    socket.on('close', () => resolve(Buffer.concat(pieces)))
  })
}
