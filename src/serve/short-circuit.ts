import type { IncomingMessage, Server } from 'node:http'
import { withQueryOf } from './failure.ts'
import type { RawResponse } from './raw-response.ts'
import { asTheyAre } from './reply-headers.ts'
import { decodeTarget } from './request-target.ts'
import type { Response } from './response.ts'
import type { RouteParts } from './routes.ts'
import { send } from './send.ts'

type Listener = (request: IncomingMessage, response: RawResponse) => void

/**
 * Answers what is in the build before anything else that listens for a server's requests; the rest goes on to them as
 * if nothing had happened. A path is looked up as it was sent, and again decoded and without its query only where that
 * finds nothing.
 *
 * @param path what request targets begin with, the scope's prefix included
 */
export function installShortCircuit(server: Server, path: string, { site, sender }: RouteParts): void {
  const find = (target: string, { method = '', headers }: IncomingMessage): Response | undefined =>
    target.startsWith(path) ? site.answer(target.slice(path.length), method, headers) : undefined
  const findDecoded = (target: string, request: IncomingMessage): Response | undefined => {
    const decoded = decodeTarget(target)
    const response = decoded === undefined || decoded === target ? undefined : find(decoded, request)
    return response && withQueryOf(target, response)
  }

  const listeners = server.listeners('request') as Listener[]
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, raw: RawResponse) => {
    const { method, url = '' } = request
    const response =
      method === 'GET' || method === 'HEAD' ? (find(url, request) ?? findDecoded(url, request)) : undefined
    if (response !== undefined) send(raw, response, asTheyAre, sender)
    else for (const listener of listeners) listener.call(server, request, raw)
  })
}
