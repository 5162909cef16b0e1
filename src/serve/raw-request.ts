import { IncomingMessage } from 'node:http'

/**
 * Spares Node the reading of what isn't there. After an answer it reads a request to its end unless somebody has begun
 * to (`readable.read()`), which takes several turns of its queue of ticks even where there is no body. Only whoever
 * listens to the request would notice: then it is left to Node.
 *
 * What it costs: Node forgets such a request when the connection's next one comes, not before.
 */
export function skipDrain(request: IncomingMessage): void {
  // HTTP/2 has requests of another kind, and so has `inject`.
  if (!(request instanceof IncomingMessage) || mayHaveBody(request)) return
  if (request.listenerCount('close') === 0 && request.listenerCount('end') === 0) request.read(0)
}

/** RFC 9112 §6.3: a request with neither of these headers has no body. */
function mayHaveBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}
