import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Digester } from '../core/digest.ts'
import { LIMITS } from '../core/limit.ts'
import type { BodyCache } from './body-cache.ts'
import { isGone, type OpenBody, type OpenFile, openBody, readRange } from './body-file.ts'
import { NOT_FOUND, UNAVAILABLE } from './failure.ts'
import type { BodyFile, Part, RawHeaders, Response } from './response.ts'

/** What Node gives a server to answer with. Over HTTP/2 it is the look-alike of `node:http2`, which has a `stream`. */
export type RawResponse = ServerResponse & { readonly stream?: Duplex }

/** Where bodies come from, and whom to tell when one can't be had. */
export interface Sender {
  readonly cache: BodyCache
  readonly open: OpenBody
  readonly digester: Digester
  /** Called for each answer that failed because of its file. */
  readonly onDamage: (error: unknown, file: BodyFile) => void
}

type FileBody = Exclude<Response['body'], { readonly kind: 'none' | 'bytes' }>

/**
 * Writes an answer. Returns at once: what has to be read from disk follows when it is there. Nothing is thrown; a file
 * that fails before the head is written becomes a 500, later it ends the connection, so that a receiver never takes
 * part of a file for the whole.
 *
 * @param headers the answer's, or those and others
 */
export function send(raw: RawResponse, response: Response, headers: RawHeaders, sender: Sender): void {
  const { status, body } = response
  if (body.kind === 'none') {
    writeHead(raw, status, headers)
    raw.end()
  } else if (body.kind === 'bytes') {
    writeHead(raw, status, headers)
    raw.end(body.bytes)
  } else {
    const bytes = sender.cache.peek(body.file)
    if (bytes !== undefined) sendBytes(raw, status, headers, body, bytes)
    else if (sender.cache.admits(body.file)) void loadAndSend(raw, response, headers, body, sender)
    else void stream(raw, response, headers, body, sender)
  }
}

function sendBytes(
  raw: RawResponse,
  status: number,
  headers: RawHeaders,
  body: FileBody,
  bytes: Buffer,
): void {
  writeHead(raw, status, headers)
  switch (body.kind) {
    case 'file':
      raw.end(bytes)
      break
    case 'range':
      raw.end(bytes.subarray(body.range.start, body.range.end + 1))
      break
    case 'parts':
      raw.end(Buffer.concat([...body.parts.flatMap((part) => partBytes(part, bytes)), body.tail]))
      break
    default:
      body satisfies never
  }
}

function partBytes({ head, range }: Part, bytes: Buffer): readonly Buffer[] {
  return [head, bytes.subarray(range.start, range.end + 1)]
}

async function loadAndSend(
  raw: RawResponse,
  response: Response,
  headers: RawHeaders,
  body: FileBody,
  sender: Sender,
): Promise<void> {
  try {
    const bytes = await sender.cache.load(body.file)
    if (!hasLeft(raw)) sendBytes(raw, response.status, headers, body, bytes)
  } catch (error) {
    fail(raw, response, error, body.file, sender)
  }
}

async function stream(
  raw: RawResponse,
  response: Response,
  headers: RawHeaders,
  body: FileBody,
  sender: Sender,
): Promise<void> {
  let source: OpenFile | undefined
  try {
    source = await openBody(body.file, sender.open)
    let begun = false
    for await (const piece of piecesOf(source, body, sender.digester)) {
      if (hasLeft(raw)) return
      // The first piece is read before the head is written: a file that is gone or empty still becomes a clean 500.
      if (!begun) writeHead(raw, response.status, headers)
      begun = true
      if (!raw.write(piece) && !(await drained(raw))) return
    }
    raw.end()
  } catch (error) {
    fail(raw, response, error, body.file, sender)
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

/** Waits until the client has taken what it was sent. False if it left, or took nothing for too long. */
function drained(raw: RawResponse): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (goOn: boolean) => {
      clearTimeout(timer)
      raw.off('drain', onDrain)
      raw.off('close', onClose)
      if (!goOn) abort(raw)
      resolve(goOn)
    }
    const onDrain = () => finish(true)
    const onClose = () => finish(false)
    const timer = setTimeout(onClose, LIMITS.streamStallSeconds * 1000)
    raw.on('drain', onDrain)
    raw.on('close', onClose)
    if (hasLeft(raw)) onClose()
  })
}

function fail(raw: RawResponse, response: Response, error: unknown, file: BodyFile, sender: Sender): void {
  sender.onDamage(error, file)
  if (hasLeft(raw)) return
  if (raw.headersSent) abort(raw)
  else {
    const instead = response.fallback ?? (isGone(error) ? NOT_FOUND : UNAVAILABLE)
    send(raw, instead, instead.headers, sender)
  }
}

function abort(raw: RawResponse): void {
  if (raw.stream === undefined) raw.destroy()
  else raw.stream.destroy()
}

function hasLeft(raw: RawResponse): boolean {
  return raw.stream === undefined ? raw.destroyed : raw.stream.destroyed
}

function writeHead(raw: RawResponse, status: number, headers: RawHeaders): void {
  // A flat list is the fastest form there is. Node only reads it.
  raw.writeHead(status, headers as string[])
}
