import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect, createServer } from 'node:net'

/** A session of HTTP/2 whose connection can be reset. */
export interface CutSession {
  readonly session: ClientHttp2Session
  /** Resets the connection to the server. */
  cut(): void
}

/**
 * Opens a session through a relay: a client of Node that has more requests than the server takes streams keeps its
 * socket open when it is destroyed.
 */
export async function openSession(port: number): Promise<CutSession> {
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) socket.on('error', () => undefined)
    near.pipe(far).pipe(near)
    relay.once('cut', () => {
      far.resetAndDestroy()
      near.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const session = connectHttp2(`http://127.0.0.1:${(relay.address() as { port: number }).port}`)
  session.on('error', () => undefined)
  return {
    session,
    cut() {
      relay.emit('cut')
      relay.close()
      session.destroy()
    },
  }
}
