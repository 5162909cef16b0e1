import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Spares Node the reading of what isn't there. After an answer it reads a request to its end unless somebody has begun
 * to (`readable.read()`), which takes several turns of its queue of ticks even where there is no body. Only whoever
 * listens to the request would notice: then it is left to Node.
 *
 * What it costs: Node forgets such a request when the connection's next one comes, not before.
 */
export function skipDrain(request: IncomingMessage): void {
  // HTTP/2 has requests of another kind, and so has `inject`; what an adapter makes up may have no connection.
  if (!(request instanceof IncomingMessage) || !isConnected(request) || mayHaveBody(request)) return
  if (request.listenerCount('close') === 0 && request.listenerCount('end') === 0) request.read(0)
}

function isConnected({ socket }: { readonly socket: Socket | null | undefined }): boolean {
  return socket?.readable === true
}

/** RFC 9112 §6.3: a request with neither of these headers has no body. */
function mayHaveBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}
