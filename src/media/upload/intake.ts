import type { IncomingMessage } from 'node:http'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'

/** Waits for the client's next bytes, but not for a client that sends none. */
export type Wait = <T>(next: Promise<T>) => Promise<T>

/** Takes requests that bring files: a limited number at the same time, and none that stalls. */
export interface Intake {
  /**
   * Reads a request. If the work fails, the rest of the request is discarded, see {@link discardRest}.
   *
   * @throws FingerpostError `FP_LIMIT` (503) if too many are in progress
   */
  take<T>(request: IncomingMessage, work: (wait: Wait) => Promise<T>): Promise<T>
}

/**
 * Makes the intake of a plugin.
 *
 * @param maxActive requests in progress at the same time
 * @param stallMs milliseconds in which a client may send no byte before its connection is closed
 */
export function createIntake(maxActive: number, stallMs: number): Intake {
  let active = 0
  return {
    async take(request, work) {
      if (active >= maxActive) {
        discardRest(request)
        throw new FingerpostError('FP_LIMIT', 'Too many uploads are in progress.', {
          remedy: 'Try again in a moment.',
          statusCode: 503,
        })
      }
      active++
      try {
        return await work((next) => waitFor(next, request, stallMs))
      } catch (error) {
        discardRest(request)
        throw error
      } finally {
        active--
      }
    },
  }
}

/** Looks at the socket, because a long field arrives in many pieces and is handed over as one. */
async function waitFor<T>(next: Promise<T>, request: IncomingMessage, stallMs: number): Promise<T> {
  let seen = request.socket.bytesRead
  const timer = setInterval(() => {
    const { bytesRead } = request.socket
    if (bytesRead === seen) request.destroy()
    seen = bytesRead
  }, stallMs).unref()
  try {
    return await next
  } finally {
    clearInterval(timer)
  }
}

/**
 * Lets the client read the answer to a request whose body isn't wanted. A connection that is closed while bytes arrive
 * is reset, and the answer may be lost. So after the answer the connection is closed for writing only, and what still
 * arrives is read for a while (RFC 9112 §9.6).
 */
export function discardRest(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return
  const timer = setTimeout(() => request.destroy(), LIMITS.uploadLingerMs).unref()
  request.once('close', () => clearTimeout(timer))
  if (request.httpVersionMajor === 1) closeForWriting(request)
  request.resume()
}

function closeForWriting(request: IncomingMessage): void {
  const { socket } = request
  // Node calls destroySoon after an answer with `Connection: close`, even if bytes are still arriving.
  const destroySoon = socket.destroySoon
  socket.destroySoon = () => socket.end()
  request.once('end', () => {
    socket.destroySoon = destroySoon
    if (socket.writableEnded) socket.destroySoon()
  })
}
