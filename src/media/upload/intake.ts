import type { IncomingMessage } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'

/** Waits for the next bytes of an upload, up to `stallSeconds`. */
export type Wait = <T>(next: Promise<T>) => Promise<T>

/** Takes uploads: a limited number at the same time, and none that stalls. */
export interface Intake {
  /**
   * Does the work of one upload. If it fails, the rest of its request is discarded, see {@link discardRest}.
   *
   * @param request undefined for an upload that comes from elsewhere
   * @throws FingerpostError `FP_LIMIT` (503) if too many are in progress, `FP_UPLOAD` (408) if no byte arrives
   */
  take<T>(request: IncomingMessage | undefined, work: (wait: Wait) => Promise<T>): Promise<T>
}

/**
 * Makes the intake of a plugin.
 *
 * @param maxActive requests in progress at the same time
 * @param stallMs milliseconds without a byte after which an upload fails and its connection is closed
 */
export function createIntake(maxActive: number, stallMs: number): Intake {
  let active = 0
  return {
    async take(request, work) {
      if (active >= maxActive) {
        if (request !== undefined) discardRest(request)
        throw new FingerpostError('FP_LIMIT', 'Too many uploads are in progress.', {
          remedy: 'Try again in a moment.',
          statusCode: 503,
        })
      }
      active++
      try {
        return await work(createWait(request, stallMs))
      } catch (error) {
        if (request !== undefined) discardRest(request)
        throw error
      } finally {
        active--
      }
    },
  }
}

/**
 * Looks at the bytes of the request as well, because a long field arrives in many pieces and is handed over as one. The
 * connection does not tell: over HTTP/2 it serves other streams, too.
 */
function createWait(request: IncomingMessage | undefined, stallMs: number): Wait {
  let arrived = 0
  let isCounting = false
  return (next) => {
    // Not before a parser reads: this listener would make the body flow without it.
    if (request?.readableFlowing === true && !isCounting) {
      isCounting = true
      request.on('data', () => arrived++)
    }
    return new Promise((resolve, reject) => {
      let seen = arrived
      const timer = setInterval(() => {
        if (arrived === seen) {
          // A stream of HTTP/2 stays, for the answer.
          if (request?.httpVersionMajor === 1) request.destroy()
          reject(stalled(stallMs))
        }
        seen = arrived
      }, stallMs).unref()
      next.then(resolve, reject).finally(() => clearInterval(timer))
    })
  }
}

function stalled(stallMs: number): FingerpostError {
  const message = `The upload was given up: no byte of it arrived for ${stallMs / 1000} s.`
  return new FingerpostError('FP_UPLOAD', message, { statusCode: 408 })
}

/**
 * Lets the client read the answer to a request whose body isn't wanted. A connection that is closed while bytes arrive
 * is reset, and the answer may be lost. So after the answer the connection is closed for writing only, and what still
 * arrives is read for a while (RFC 9112 §9.6). A stream of HTTP/2 is reset after that time (RFC 9113 §8.1).
 */
export function discardRest(request: IncomingMessage & { readonly stream?: ServerHttp2Stream }): void {
  if (request.readableEnded || request.destroyed) return
  const { stream } = request
  const end = () => (stream === undefined ? request.destroy() : stream.close(constants.NGHTTP2_NO_ERROR))
  const timer = setTimeout(end, LIMITS.uploadLingerMs).unref()
  request.once('close', () => clearTimeout(timer))
  if (stream === undefined) closeForWriting(request)
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
