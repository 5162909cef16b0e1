import { LIMITS } from '../core/limit.ts'
import type { BodyCache, CachedBody } from './body-cache.ts'
import { isGone, type OpenBody } from './body-source.ts'
import type { CompleteHeaders } from './reply.ts'
import {
  abort,
  drained,
  hasLeft,
  hasTurn,
  limitStall,
  type RawResponse,
  releaseWhenReset,
  skipDrain,
  waitForTurn,
} from './reply.ts'
import { type Body, type BodyFile, NOT_FOUND, type Response, UNAVAILABLE } from './response.ts'

/** Where bodies come from, and what happens when one cannot be sent. */
export interface Sender {
  readonly cache: BodyCache
  /** Called for each answer that failed. */
  readonly onFault: (error: unknown, file: BodyFile | undefined) => void
  /** Milliseconds a client may take nothing of an answer before its connection is closed. */
  readonly stallMs: number
}

/** Strings are sent with one byte for each character. Heads use it too, so that Node can join both. */
const STRING_ENCODING = 'latin1'

type FileBody = Extract<Body, { readonly kind: 'file' | 'parts' }>
type Parts = Extract<Body, { readonly kind: 'parts' }>['parts']
type Piece = Uint8Array | string

/** One answer on its way. */
interface Exchange {
  readonly raw: RawResponse
  readonly response: Response
  readonly complete: CompleteHeaders
  readonly sender: Sender
}

/**
 * Writes an answer. Returns at once; what is read from disk follows. Nothing of a file is opened, read or copied before
 * the answer's turn on the connection (see {@link waitForTurn}). Never throws: a file that fails before the head is
 * written becomes a 404 or 500, later it ends the connection, so that a partial file cannot pass for the whole.
 *
 * @param complete adds further headers to whichever answer is sent
 */
export function send(raw: RawResponse, response: Response, complete: CompleteHeaders, sender: Sender): void {
  const exchange: Exchange = { raw, response, complete, sender }
  try {
    skipDrain(raw.req)
    const { body } = response
    if (body.kind === 'none' || body.kind === 'text') {
      writeHead(exchange)
      if (body.kind === 'none') raw.end()
      else raw.end(body.text, STRING_ENCODING)
    } else if (hasTurn(raw)) sendFile(exchange, body)
    else void orFail(exchange, body, sendInTurn)
  } catch (error) {
    fail(exchange, error)
  }
}

async function sendInTurn(exchange: Exchange, body: FileBody): Promise<void> {
  if (await waitForTurn(exchange.raw)) sendFile(exchange, body)
}

function sendFile(exchange: Exchange, body: FileBody): void {
  const { cache } = exchange.sender
  const cached = cache.peek(body.file)
  if (cached !== undefined) sendCached(exchange, body, cached)
  else if (cache.admits(body.file)) void orFail(exchange, body, loadAndSend)
  else void orFail(exchange, body, stream)
}

function sendCached(exchange: Exchange, body: FileBody, cached: CachedBody): void {
  const pieces = body.kind === 'parts' ? body.parts.map((part) => sliceOf(cached, part)) : [cached]
  const [only = ''] = pieces
  if (pieces.length > 1 || isCut(exchange, only)) {
    holdUntilSent(exchange, cached)
    return void orFail(exchange, body, () => writePieces(exchange, pieces))
  }
  writeHead(exchange)
  exchange.raw.end(only, STRING_ENCODING)
  if (!hasRest(exchange)) return
  limitStall(exchange.raw, exchange.sender.stallMs)
  holdUntilSent(exchange, cached)
}

/** A slice holds all of its body. */
function holdUntilSent({ raw, sender }: Exchange, cached: CachedBody): void {
  const release = sender.cache.hold(cached)
  const settle = () => {
    raw.off('finish', settle)
    raw.off('close', settle)
    release()
  }
  raw.on('finish', settle)
  raw.on('close', settle)
  // Neither event comes any more.
  if (hasLeft(raw)) settle()
}

async function loadAndSend(exchange: Exchange, body: FileBody): Promise<void> {
  const cached = await exchange.sender.cache.load(body.file)
  if (!hasLeft(exchange.raw)) sendCached(exchange, body, cached)
}

async function stream(exchange: Exchange, body: FileBody): Promise<void> {
  const source = await exchange.sender.cache.open(body.file)
  try {
    const parts = body.kind === 'parts' ? body.parts : [{ start: 0, end: body.file.size - 1 }]
    await writePieces(exchange, piecesOf(parts, source))
  } finally {
    await source.close()
  }
}

async function* piecesOf(parts: Parts, source: OpenBody): AsyncGenerator<Piece> {
  for (const part of parts) {
    if (typeof part === 'string') yield part
    else yield* source.read(part)
  }
}

/** A part of a body in memory, without copying. */
function sliceOf(cached: Piece, part: Parts[number]): Piece {
  if (typeof part === 'string') return part
  const { start, end } = part
  return typeof cached === 'string' ? cached.slice(start, end + 1) : cached.subarray(start, end + 1)
}

/** Writes the head before the first piece, and each piece after the client has taken the previous one. */
async function writePieces(
  exchange: Exchange,
  pieces: Iterable<Piece> | AsyncIterable<Piece>,
): Promise<void> {
  const { raw, sender } = exchange
  let begun = false
  for await (const piece of pieces) {
    if (hasLeft(raw)) return
    // Only after the first piece was read: a missing or empty file becomes a clean failure.
    if (!begun) writeHead(exchange)
    begun = true
    for (const part of isCut(exchange, piece) ? cut(piece) : [piece])
      if (!raw.write(part, STRING_ENCODING) && !(await drained(raw, sender.stallMs))) return
  }
  if (!begun) writeHead(exchange)
  raw.end()
  if (hasRest(exchange)) limitStall(raw, sender.stallMs)
}

/** Whether a piece is too large to be written at once (see {@link LIMITS.http2WriteBytes}). */
function isCut({ raw }: Exchange, { length }: Piece): boolean {
  return raw.stream !== undefined && length > LIMITS.http2WriteBytes
}

function* cut(piece: Piece): Generator<Piece> {
  for (let start = 0; start < piece.length; start += LIMITS.http2WriteBytes)
    yield sliceOf(piece, { start, end: start + LIMITS.http2WriteBytes - 1 })
}

/** Whether Node still holds a part of the answer. Nearly every answer has left when it was written. */
function hasRest({ raw }: Exchange): boolean {
  return (raw.stream ?? raw).writableLength > 0
}

async function orFail(
  exchange: Exchange,
  body: FileBody,
  work: (exchange: Exchange, body: FileBody) => Promise<void>,
): Promise<void> {
  try {
    await work(exchange, body)
  } catch (error) {
    fail(exchange, error, body.file)
  }
}

function fail({ raw, response, complete, sender }: Exchange, error: unknown, file?: BodyFile): void {
  sender.onFault(error, file)
  if (hasLeft(raw)) return
  // Where even the plain failure cannot be written, nothing can.
  if (raw.headersSent || response === UNAVAILABLE) abort(raw)
  else send(raw, response.fallback ?? (isGone(error) ? NOT_FOUND : UNAVAILABLE), complete, sender)
}

function writeHead({ raw, response, complete }: Exchange): void {
  releaseWhenReset(raw)
  // A flat list is the fastest form. Node only reads it.
  raw.writeHead(response.status, complete(response.headers) as string[])
}
