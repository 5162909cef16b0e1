import type { IncomingMessage } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'

/** Waits for the next bytes of an upload, up to `stallSeconds`. */
export type Wait = <T>(next: Promise<T>) => Promise<T>

/** Which uploads are taken. */
export interface IntakeLimits {
  /** Requests in progress at the same time. */
  readonly maxActive: number
  /** Milliseconds without a byte after which an upload fails and its connection is closed. */
  readonly stallMs: number
  /** Each second that a client is waited for, beyond the first `stallMs`, must have brought so many bytes. 0: any. */
  readonly minBytesPerSecond: number
}

/** Takes uploads: a limited number at the same time, and none that stalls or trickles in. */
export interface Intake {
  /**
   * Does the work of one upload. If it fails, the rest of its request is discarded, see {@link discardRest}.
   *
   * @param request undefined for an upload that comes from elsewhere
   * @throws FingerpostError `FP_LIMIT` (503) if too many are in progress, `FP_UPLOAD` (408) if no byte arrives, or too
   * few of a request
   */
  take<T>(request: IncomingMessage | undefined, work: (wait: Wait) => Promise<T>): Promise<T>
}

/**
 * Makes the intake of a plugin.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function createIntake(limits: IntakeLimits, now = () => performance.now()): Intake {
  let active = 0
  return {
    async take(request, work) {
      if (active >= limits.maxActive) {
        if (request !== undefined) discardRest(request)
        throw new FingerpostError('FP_LIMIT', 'Too many uploads are in progress.', {
          remedy: 'Try again in a moment.',
          statusCode: 503,
        })
      }
      active++
      try {
        return await work(createWait(request, limits, now))
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
 *
 * Only the time that the client is waited for counts, so that a slow storage is not its fault.
 */
function createWait(
  request: IncomingMessage | undefined,
  { stallMs, minBytesPerSecond }: IntakeLimits,
  now: () => number,
): Wait {
  let arrived = 0
  let handedOver = 0
  let waitedMs = 0
  let isCounting = false
  const isSlow = (sinceMs: number) => {
    const seconds = (waitedMs + now() - sinceMs - stallMs) / 1000
    return request !== undefined && seconds * minBytesPerSecond > Math.max(arrived, handedOver)
  }
  return <T>(next: Promise<T>) => {
    // Not before a parser reads: this listener would make the body flow without it.
    if (request?.readableFlowing === true && !isCounting) {
      isCounting = true
      request.on('data', ({ length }: Uint8Array) => {
        arrived += length
      })
    }
    return new Promise<T>((resolve, reject) => {
      const sinceMs = now()
      const refuseSlow = () => {
        if (isSlow(sinceMs)) reject(givenUp(`it brought fewer than ${minBytesPerSecond} bytes per second`))
      }
      let seen = arrived
      const timer = setInterval(() => {
        const hasStalled = arrived === seen
        seen = arrived
        if (!hasStalled) return refuseSlow()
        // A stream of HTTP/2 stays, for the answer.
        if (request?.httpVersionMajor === 1) request.destroy()
        reject(givenUp(`no byte of it arrived for ${stallMs / 1000} s`))
      }, stallMs).unref()
      const settle = (result: unknown) => {
        clearInterval(timer)
        handedOver += sizeOf(result)
        refuseSlow()
        waitedMs += now() - sinceMs
      }
      next.then(settle, settle)
      next.then(resolve, reject)
    })
  }
}

/** Bytes of what an iterator has given, if anything. */
function sizeOf(result: unknown): number {
  const { value } = Object(result) as Partial<IteratorResult<unknown>>
  return value instanceof Uint8Array ? value.length : 0
}

function givenUp(why: string): FingerpostError {
  return new FingerpostError('FP_UPLOAD', `The upload was given up: ${why}.`, { statusCode: 408 })
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
