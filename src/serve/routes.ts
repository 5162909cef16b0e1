import type { IncomingMessage, Server } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { addRoute, hiddenSchema, reserveRoute } from '../http/exclusive-route.ts'
import { canonicalPath, decodeTarget, hasEncodedSlash } from '../http/mount.ts'
import { asTheyAre, createReplyHeaderMerger, hasTurn, type RawResponse, waitForTurn } from '../http/reply.ts'
import {
  METHOD_NOT_ALLOWED,
  NOT_FOUND,
  preflight,
  type Response,
  redirectTo,
  withoutBody,
  withQueryOf,
} from '../http/response.ts'
import { send } from '../http/send.ts'
import type { ServeSettings } from './options.ts'
import type { AnsweringSite } from './site.ts'

/** What the routes of a build need. */
export interface RouteParts {
  readonly site: AnsweringSite
  readonly settings: ServeSettings
  /** Called for an unknown name; when it resolves, the name is looked up again. Undefined if that is needless. */
  readonly onMiss?: () => Promise<void> | undefined
}

/** The answer to a request as if it had this method; undefined for an unknown name. */
type Find = (request: FastifyRequest, method: string) => Response | undefined

type Wildcard = FastifyRequest<{ Params: { readonly '*': string } }>

/** Everything below one path. @param route with a slash at both ends, relative to the scope */
export function addBuildRoutes(app: FastifyInstance, route: string, parts: RouteParts): void {
  const hasIndex = parts.settings.index.file !== undefined
  const nameOf = (request: FastifyRequest): string | undefined => {
    const { url = '' } = request.raw
    if (hasEncodedSlash(url)) return undefined
    const name = (request as Wildcard).params['*']
    return hasIndex ? withSlashOf(url, name) : name
  }
  const path = app.prefix + route
  const find: Find = (request, method) => {
    const { url = '', headers } = request.raw
    const name = nameOf(request)
    const response = name === undefined ? undefined : parts.site.answer(name, method, headers)
    return name === undefined || response === undefined ? undefined : answerFor(url, path, name, response)
  }
  addRoutes(app, `${route}*`, find, parts)
  reserveRoute(app, `${path}*`)
}

/** The answer, or the way to the URL whose spelling guards know. */
function answerFor(target: string, path: string, name: string, response: Response): Response {
  const location = canonicalPath(target, path, name)
  return withQueryOf(target, location === undefined ? response : redirectTo(location, 'no-cache'))
}

/** One file of the build at a path of its own, outside the build's: `/favicon.ico`. */
export function addRootFile(app: FastifyInstance, url: string, path: string, parts: RouteParts): void {
  addRoutes(app, url, ({ raw }, method) => parts.site.answer(path, method, raw.headers), parts)
}

/**
 * Answers requests for files of the build before all other listeners of a server; other requests go on to them
 * unchanged. A target is decoded only if it is not known as it was sent.
 *
 * @param path what request targets begin with, the scope's prefix included
 */
export function installShortCircuit(server: Server, path: string, site: AnsweringSite): void {
  const find = ({ method = '', headers, url: target = '' }: IncomingMessage): Response | undefined => {
    if (method !== 'GET' && method !== 'HEAD') return undefined
    const decoded = decodeTarget(target)
    if (decoded === undefined || !decoded.startsWith(path)) return undefined
    const name = decoded.slice(path.length)
    const response = site.answer(name, method, headers)
    return response && answerFor(target, path, name, response)
  }
  // Nothing around this listener catches an error. The app's listeners answer, or fail in the app's own way.
  const findOrReport = (request: IncomingMessage): Response | undefined => {
    try {
      return find(request)
    } catch (error) {
      site.sender.onFault(error, undefined)
      return undefined
    }
  }
  const listeners = server.listeners('request') as Listener[]
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, raw: RawResponse) => {
    const response = findOrReport(request)
    if (response !== undefined) send(raw, response, asTheyAre, site.sender)
    else for (const listener of listeners) listener.call(server, request, raw)
  })
}

type Listener = (request: IncomingMessage, response: RawResponse) => void

function addRoutes(
  app: FastifyInstance,
  url: string,
  find: Find,
  { site, settings, onMiss }: RouteParts,
): void {
  const completerFor = createReplyHeaderMerger()
  // Bypasses Fastify's reply but keeps the headers that hooks have set; onResponse still runs.
  const answer = (reply: FastifyReply, response: Response) => {
    reply.hijack()
    send(reply.raw, response, completerFor(reply), site.sender)
  }
  const { fallback } = settings.index
  // A handler that has promised an answer must wait for a reply that another handler sends.
  const miss = (request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined => {
    const { method = '', headers } = request.raw
    const page =
      fallback !== undefined && isVisit(request) ? site.answer(fallback, method, headers) : undefined
    if (page === undefined && settings.fallthrough) {
      reply.callNotFound()
      return reply
    }
    answer(reply, page ?? (request.method === 'HEAD' ? withoutBody(NOT_FOUND) : NOT_FOUND))
    return undefined
  }
  const answerOrMiss = (request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined => {
    const response = find(request, request.raw.method ?? 'GET')
    if (response === undefined) return miss(request, reply)
    answer(reply, response)
    return undefined
  }
  const respond = (request: FastifyRequest, reply: FastifyReply): unknown => {
    const response = find(request, request.raw.method ?? 'GET')
    if (response !== undefined) return answer(reply, response)
    const looking = onMiss?.()
    return looking === undefined ? miss(request, reply) : looking.then(() => answerOrMiss(request, reply))
  }
  const respondInTurn = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    if (await waitForTurn(reply.raw)) return respond(request, reply)
    reply.hijack()
    return undefined
  }
  const { logLevel } = settings
  // Fastify gives its log level only to routes in a scope of their own.
  const shared = () => ({ url, schema: hiddenSchema(), ...(logLevel && { logLevel }) })
  addRoute(app, {
    method: ['GET', 'HEAD'],
    ...shared(),
    exposeHeadRoute: false,
    handler(request, reply) {
      // In live mode the file is read to find the answer.
      return hasTurn(reply.raw) ? respond(request, reply) : respondInTurn(request, reply)
    },
  })
  addRoute(app, {
    method: app.supportedMethods.filter((method) => method !== 'GET' && method !== 'HEAD'),
    ...shared(),
    // Before the body is parsed: a POST of any media type is a wrong method, not a wrong media type.
    onRequest(request, reply) {
      if (find(request, 'HEAD') === undefined) miss(request, reply)
      else if (request.method === 'OPTIONS') answer(reply, preflight(settings.cors))
      else answer(reply, METHOD_NOT_ALLOWED)
    },
    handler: () => undefined,
  })
}

/** Whether a page is wanted: not by a script that asks for data (it sends `Sec-Fetch-Mode`, and accepts anything), nor by the name of a file. */
function isVisit({ method, raw: { url = '', headers } }: FastifyRequest): boolean {
  const path = url.split('?', 1)[0] ?? ''
  const isFileName = path.slice(path.lastIndexOf('/')).includes('.')
  const isForPage = headers['sec-fetch-mode'] === undefined || /\btext\/html\b/i.test(headers.accept ?? '')
  return (method === 'GET' || method === 'HEAD') && !isFileName && isForPage
}

/** With the trailing slash that an app's `ignoreTrailingSlash` has removed: a folder would redirect to itself. */
function withSlashOf(url: string, name: string): string {
  const query = url.indexOf('?')
  const last = url.charAt((query === -1 ? url.length : query) - 1)
  return last === '/' && name !== '' && !name.endsWith('/') ? `${name}/` : name
}
