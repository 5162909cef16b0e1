import type { ServerResponse } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { Socket } from 'node:net'

/** What Node gives a server to answer with. Over HTTP/2 it is the look-alike of `node:http2`, which has a `stream`. */
export type RawResponse = ServerResponse & { readonly stream?: ServerHttp2Stream }

/** Whether nobody is there any more to take the answer. */
export function hasLeft(raw: RawResponse): boolean {
  return raw.stream === undefined ? raw.destroyed : raw.stream.destroyed || raw.stream.closed
}

/** Ends the connection, or over HTTP/2 the stream, so that what was sent can't be taken for the whole. */
export function abort(raw: RawResponse): void {
  if (raw.stream === undefined) raw.destroy()
  else raw.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
}

/** Waits until the client has taken what it was sent. False if it left, or took nothing for so many milliseconds. */
export function drained(raw: RawResponse, stallMs: number): Promise<boolean> {
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
    const timer = setTimeout(onClose, stallMs)
    raw.on('drain', onDrain)
    raw.on('close', onClose)
    if (hasLeft(raw)) onClose()
  })
}

/**
 * Closes the connection of a client that takes nothing for so many milliseconds of an answer which has been handed to
 * Node as a whole. Nearly every answer has left by now, and this costs no more than the question.
 */
export function limitStall(raw: RawResponse, stallMs: number): void {
  const { stream, socket } = raw
  if (stream !== undefined) {
    if (stream.writableLength > 0) stream.setTimeout(stallMs, () => abort(raw))
  } else if (raw.writableLength === 0) return
  // Pipelined: an earlier answer is still on its way.
  else if (socket === null) raw.once('socket', () => limitStall(raw, stallMs))
  // What `inject` answers has none.
  else if (socket instanceof Socket) limitSilence(raw, socket, stallMs)
}

function limitSilence(raw: RawResponse, socket: Socket, stallMs: number): void {
  const before = socket.timeout ?? 0
  // The app has a stricter limit of its own (Fastify's connectionTimeout).
  if (before > 0 && before <= stallMs) return
  const end = () => abort(raw)
  socket.setTimeout(stallMs, end)
  // Ahead of Node's own listener, which sets how long the connection may be idle until the next request.
  raw.prependOnceListener('finish', () => {
    socket.off('timeout', end)
    socket.setTimeout(before)
  })
}
