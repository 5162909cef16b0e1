import type { Digester } from '../core/digest.ts'
import type { BodyCache, HeldBody } from './body-cache.ts'
import { isGone, type OpenBody, type OpenFile, openBody, readRange } from './body-file.ts'
import { NOT_FOUND, UNAVAILABLE } from './failure.ts'
import { skipDrain } from './raw-request.ts'
import { abort, drained, hasLeft, limitStall, type RawResponse } from './raw-response.ts'
import type { CompleteHeaders } from './reply-headers.ts'
import type { BodyFile, Part, Response } from './response.ts'

/** Where bodies come from, and whom to tell when one can't be had. */
export interface Sender {
  readonly cache: BodyCache
  readonly open: OpenBody
  readonly digester: Digester
  /** Called for each answer that failed because of its file. */
  readonly onDamage: (error: unknown, file: BodyFile) => void
  /** Milliseconds a client may take nothing of an answer before its connection is closed. */
  readonly stallMs: number
}

/** Of strings that are sent: a byte for each character. Heads are written in it too, so that Node can join both. */
const STRING_ENCODING = 'latin1'

type FileBody = Exclude<Response['body'], { readonly kind: 'none' | 'text' }>
type PartialBody = Exclude<FileBody, { readonly kind: 'file' }>

/** One answer whose body is a file's, on its way. */
interface Exchange {
  readonly raw: RawResponse
  readonly response: Response
  readonly body: FileBody
  readonly complete: CompleteHeaders
  readonly sender: Sender
}

/**
 * Writes an answer. Returns at once: what has to be read from disk follows when it is there. Nothing is thrown; a file
 * that fails before the head is written becomes a 500, later it ends the connection, so that a receiver never takes
 * part of a file for the whole.
 *
 * @param complete adds what else is to be said to the headers of whichever answer it becomes
 */
export function send(raw: RawResponse, response: Response, complete: CompleteHeaders, sender: Sender): void {
  const { body } = response
  skipDrain(raw.req)
  if (body.kind === 'none' || body.kind === 'text') {
    writeHead(raw, response, complete)
    if (body.kind === 'none') raw.end()
    else raw.end(body.text, STRING_ENCODING)
    return
  }
  const exchange: Exchange = { raw, response, body, complete, sender }
  const held = sender.cache.peek(body.file)
  if (held !== undefined) sendHeld(exchange, held)
  else if (sender.cache.admits(body.file)) void loadAndSend(exchange)
  else void stream(exchange)
}

function sendHeld({ raw, response, body, complete, sender }: Exchange, held: HeldBody): void {
  writeHead(raw, response, complete)
  raw.end(body.kind === 'file' ? held : partOf(body, held), STRING_ENCODING)
  limitStall(raw, sender.stallMs)
}

function partOf(body: PartialBody, held: HeldBody): Buffer {
  const bytes = typeof held === 'string' ? Buffer.from(held, STRING_ENCODING) : held
  switch (body.kind) {
    case 'range':
      return bytes.subarray(body.range.start, body.range.end + 1)
    case 'parts':
      return Buffer.concat([...body.parts.flatMap((part) => partBytes(part, bytes)), body.tail])
    default:
      return body satisfies never
  }
}

function partBytes({ head, range }: Part, bytes: Buffer): readonly Buffer[] {
  return [head, bytes.subarray(range.start, range.end + 1)]
}

async function loadAndSend(exchange: Exchange): Promise<void> {
  try {
    const held = await exchange.sender.cache.load(exchange.body.file)
    if (!hasLeft(exchange.raw)) sendHeld(exchange, held)
  } catch (error) {
    fail(exchange, error)
  }
}

async function stream(exchange: Exchange): Promise<void> {
  const { raw, response, body, complete, sender } = exchange
  let source: OpenFile | undefined
  try {
    source = await openBody(body.file, sender.open)
    let begun = false
    for await (const piece of piecesOf(source, body, sender.digester)) {
      if (hasLeft(raw)) return
      // The first piece is read before the head is written: a file that is gone or empty still becomes a clean 500.
      if (!begun) writeHead(raw, response, complete)
      begun = true
      if (!raw.write(piece) && !(await drained(raw, sender.stallMs))) return
    }
    raw.end()
    limitStall(raw, sender.stallMs)
  } catch (error) {
    fail(exchange, error)
  } finally {
    await source?.close()
  }
}

async function* piecesOf(source: OpenFile, body: FileBody, digester: Digester): AsyncGenerator<Buffer> {
  const { file } = body
  if (body.kind === 'file') yield* readRange(source, file, { start: 0, end: file.size - 1 }, digester)
  else if (body.kind === 'range') yield* readRange(source, file, body.range, digester)
  else {
    for (const { head, range } of body.parts) {
      yield head
      yield* readRange(source, file, range, digester)
    }
    yield body.tail
  }
}

function fail({ raw, response, body, complete, sender }: Exchange, error: unknown): void {
  sender.onDamage(error, body.file)
  if (hasLeft(raw)) return
  if (raw.headersSent) abort(raw)
  else send(raw, response.fallback ?? (isGone(error) ? NOT_FOUND : UNAVAILABLE), complete, sender)
}

function writeHead(raw: RawResponse, { status, headers }: Response, complete: CompleteHeaders): void {
  // A flat list is the fastest form there is. Node only reads it.
  raw.writeHead(status, complete(headers) as string[])
}
