import { IncomingMessage, type ServerResponse } from 'node:http'
import {
  constants,
  type Http2Server,
  type ServerOptions as Http2ServerOptions,
  type ServerHttp2Stream,
} from 'node:http2'
import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { LIMITS } from '../core/limit.ts'
import { BODY_HEADERS } from './header-rules.ts'
import type { RawHeaders } from './response.ts'

/** What Node gives a server to answer with. Over HTTP/2 it is the look-alike of `node:http2`, which has a `stream`. */
export type RawResponse = ServerResponse & { readonly stream?: ServerHttp2Stream }

/**
 * Whether an answer may be written now. Over HTTP/1.1 a pipelined request waits until the answers before it have been
 * sent; its response has no socket until then. Streams of HTTP/2 do not wait for each other.
 */
export function hasTurn(raw: RawResponse): boolean {
  // A response made up by an adapter never gets a socket.
  return raw.socket !== null || raw.stream !== undefined || !(raw.req.socket instanceof Socket)
}

/**
 * Waits for the turn of an answer. Whatever an answer opens, reads or copies is done after this: a client can pipeline
 * a thousand requests in one packet, and a response that never gets its socket emits no `close`.
 *
 * @returns false if the connection has closed
 */
export function waitForTurn(raw: RawResponse): Promise<boolean> {
  const { req: request } = raw
  skipDrain(request)
  return new Promise((resolve) => {
    const settle = (came: boolean) => {
      raw.off('socket', onSocket)
      request.off('close', onClose)
      resolve(came)
    }
    const onSocket = () => settle(true)
    const onClose = () => settle(false)
    raw.once('socket', onSocket)
    // Node destroys all requests of a connection that closes.
    request.once('close', onClose)
    if (hasTurn(raw) || request.socket.destroyed) settle(hasTurn(raw))
  })
}

/**
 * Limits the concurrent streams of each HTTP/2 session, which Node leaves unlimited (RFC 9113 §5.1.2). A limit that the
 * app has given its server (`settings.maxConcurrentStreams`) stays.
 */
export function limitStreams(server: object): void {
  if (!('updateSettings' in server) || limitOf(server) !== undefined) return
  const maxConcurrentStreams = LIMITS.http2ConcurrentStreams
  ;(server as Http2Server).updateSettings({ maxConcurrentStreams })
}

/** Node shows the settings of a server nowhere else. */
function limitOf(server: object): number | undefined {
  const key = Object.getOwnPropertySymbols(server).find(({ description }) => description === 'options')
  const options = key && (server as Readonly<Record<symbol, Http2ServerOptions | undefined>>)[key]
  return options?.settings?.maxConcurrentStreams
}

/** Whether the client has disconnected. */
export function hasLeft(raw: RawResponse): boolean {
  return raw.stream === undefined ? raw.destroyed : raw.stream.destroyed || raw.stream.closed
}

/** Ends the connection, or over HTTP/2 the stream, so that a partial body cannot pass for the whole. */
export function abort(raw: RawResponse): void {
  if (raw.stream === undefined) raw.destroy()
  else raw.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
}

/**
 * Releases a stream of HTTP/2 when its client resets it. Without this, Node keeps one that was reset without an error
 * until its session ends, if a write was under way.
 */
export function releaseWhenReset({ stream }: RawResponse): void {
  // Later, because a stream that is destroyed while Node closes it makes Node write its reset for ever.
  stream?.once('aborted', () => setImmediate(() => stream.destroy()))
}

/** Waits until the client has taken what was sent. False if it disconnected, or took nothing for `stallMs`. */
export function drained(raw: RawResponse, stallMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (goOn: boolean) => {
      clearTimeout(timer)
      raw.off('drain', onDrain)
      raw.off('close', onClose)
      if (!goOn) abort(raw)
      resolve(goOn)
    }
    const onDrain = () => settle(true)
    const onClose = () => settle(false)
    const timer = setTimeout(onClose, stallMs)
    raw.on('drain', onDrain)
    raw.on('close', onClose)
    if (hasLeft(raw)) onClose()
  })
}

/** Closes the connection, or over HTTP/2 the stream, of a client that takes nothing of an answer for `stallMs`. */
export function limitStall(raw: RawResponse, stallMs: number): void {
  const { stream, socket } = raw
  if (stream !== undefined) stream.setTimeout(stallMs, () => abort(raw))
  // An injected response has no real socket.
  else if (socket instanceof Socket) limitSilence(raw, socket, stallMs)
}

function limitSilence(raw: RawResponse, socket: Socket, stallMs: number): void {
  const before = socket.timeout ?? 0
  // The app has a stricter limit of its own (Fastify's connectionTimeout).
  if (before > 0 && before <= stallMs) return
  const end = () => abort(raw)
  socket.setTimeout(stallMs, end)
  // Before Node's own listener, which sets how long the connection may be idle until the next request.
  raw.prependOnceListener('finish', () => {
    socket.off('timeout', end)
    socket.setTimeout(before)
  })
}

/**
 * Spares Node reading a body that is not there. After an answer Node reads the request to its end unless somebody has
 * begun to (`readable.read()`), which takes several turns of its tick queue even without a body. Only listeners on the
 * request would notice; with any, the request is left to Node.
 *
 * The cost: Node releases such a request only when the next one arrives on the connection.
 */
export function skipDrain(request: IncomingMessage): void {
  // HTTP/2 and `inject` have other classes of requests; one made up by an adapter may have no connection.
  if (!(request instanceof IncomingMessage) || !isConnected(request) || mayHaveBody(request)) return
  // Read to its end already, or spared that while it waited for its turn.
  if (request.complete) return
  if (request.listenerCount('close') === 0 && request.listenerCount('end') === 0) request.read(0)
}

function isConnected({ socket }: { readonly socket: Socket | null | undefined }): boolean {
  return socket?.readable === true
}

/** RFC 9112 §6.3: a request with neither of these headers has no body. */
function mayHaveBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

/** Adds headers to those of an answer. */
export type CompleteHeaders = (headers: RawHeaders) => RawHeaders

/** Adds nothing. */
export const asTheyAre: CompleteHeaders = (headers) => headers

/**
 * Adds the headers that hooks have set on the reply (helmet, CORS, request ids). The answer's own win, except that Vary
 * is the union of both, and that an origin allowed by a hook for this request is more specific than ours. Headers that
 * describe a body are dropped: they are about one that is not sent.
 *
 * Usually there are none. `reply.getHeaders()` copies them, which took 4.5 % of an answer of 1 KB; asking Fastify's own
 * record, where it can be found, is ten times faster.
 */
export function createReplyHeaderMerger(): (reply: FastifyReply) => CompleteHeaders {
  let record: symbol | undefined
  return (reply) => {
    record ??= findRecord(reply)
    if (record !== undefined && isEmpty(reply, record)) return asTheyAre
    return (headers) => merge(headers, reply)
  }
}

function findRecord(reply: FastifyReply): symbol | undefined {
  return Object.getOwnPropertySymbols(reply).find((each) => each.description === 'fastify.reply.headers')
}

function isEmpty(reply: FastifyReply, record: symbol): boolean {
  for (const _name in (reply as unknown as Record<symbol, object>)[record]) return false
  return reply.raw.getHeaderNames().length === 0
}

function merge(headers: RawHeaders, reply: FastifyReply): RawHeaders {
  const merged = new Map<string, readonly string[]>()
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined && !isOfBody(name)) merged.set(name.toLowerCase(), valuesOf(name, value))
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const key = name.toLowerCase()
    const value = headers[i + 1] ?? ''
    const theirs = merged.get(key)
    if (key === 'access-control-allow-origin' && theirs !== undefined) continue
    merged.set(key, [name, key === 'vary' ? unionOf(theirs?.[1], value) : value])
  }
  return [...merged.values()].flat()
}

function isOfBody(name: string): boolean {
  const key = name.toLowerCase()
  return key === 'content-type' || BODY_HEADERS.has(key)
}

function valuesOf(name: string, value: number | string | readonly string[]): readonly string[] {
  return typeof value === 'object' ? value.flatMap((one) => [name, one]) : [name, String(value)]
}

function unionOf(theirs: string | undefined, ours: string): string {
  if (theirs === undefined) return ours
  const has = theirs.split(',').map((field) => field.trim().toLowerCase())
  const more = ours.split(',').filter((field) => !has.includes(field.trim().toLowerCase()))
  return [theirs, ...more.map((field) => field.trim())].join(', ')
}
