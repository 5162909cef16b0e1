import type { IncomingMessage, Server } from 'node:http'
import { withQueryOf } from '../http/failure.ts'
import type { RawResponse } from '../http/raw-response.ts'
import { asTheyAre } from '../http/reply-headers.ts'
import type { Response } from '../http/response.ts'
import { send } from '../http/send.ts'
import { decodeTarget } from './request-target.ts'
import type { RouteParts } from './routes.ts'

type Listener = (request: IncomingMessage, response: RawResponse) => void

/**
 * Answers what is in the build before anything else that listens for a server's requests; the rest goes on to them as
 * if nothing had happened. A path is decoded only where it isn't known as it was sent.
 *
 * @param path what request targets begin with, the scope's prefix included
 */
export function installShortCircuit(server: Server, path: string, { site, sender }: RouteParts): void {
  const findDecoded = (target: string, { method = '', headers }: IncomingMessage): Response | undefined => {
    const decoded = decodeTarget(target)
    if (decoded === undefined || !decoded.startsWith(path)) return undefined
    const response = site.answer(decoded.slice(path.length), method, headers)
    return response && withQueryOf(target, response)
  }

  const listeners = server.listeners('request') as Listener[]
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, raw: RawResponse) => {
    const { method, url = '' } = request
    const response =
      method === 'GET' || method === 'HEAD'
        ? (site.answerTarget(url, method, request.headers) ?? findDecoded(url, request))
        : undefined
    if (response !== undefined) send(raw, response, asTheyAre, sender)
    else for (const listener of listeners) listener.call(server, request, raw)
  })
}
