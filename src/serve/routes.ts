import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { METHOD_NOT_ALLOWED, NOT_FOUND, withoutBody, withQueryOf } from '../http/failure.ts'
import { createReplyHeaderMerger } from '../http/reply-headers.ts'
import type { Response } from '../http/response.ts'
import { type Sender, send } from '../http/send.ts'
import type { ServeSettings } from './options.ts'
import { preflight } from './preflight.ts'
import { hasEncodedSlash } from './request-target.ts'
import type { Site } from './site.ts'

type AnsweringSite = Pick<Site, 'answer' | 'answerTarget'>

/** What the routes of a build need. */
export interface RouteParts<S extends AnsweringSite = AnsweringSite> {
  readonly site: S
  readonly sender: Sender
  readonly settings: ServeSettings
}

/** The answer to a request, as if it had this method; undefined where no build has what it asks for. */
type Find = (request: FastifyRequest, method: string) => Response | undefined

type Wildcard = FastifyRequest<{ Params: { readonly '*': string } }>

/** Everything below one path. @param route with a slash at both ends, relative to the scope */
export function addBuildRoutes(app: FastifyInstance, route: string, parts: RouteParts): void {
  const { site } = parts
  const hasIndex = parts.settings.index !== undefined
  const nameOf = (request: FastifyRequest): string | undefined => {
    const { url = '' } = request.raw
    if (hasEncodedSlash(url)) return undefined
    const name = (request as Wildcard).params['*']
    return hasIndex ? withSlashOf(url, name) : name
  }
  const find: Find = (request, method) => {
    const { url = '', headers } = request.raw
    const known = site.answerTarget(url, method, headers)
    if (known !== undefined) return known
    const name = nameOf(request)
    const response = name === undefined ? undefined : site.answer(name, method, headers)
    return response && withQueryOf(url, response)
  }
  addRoutes(app, `${route}*`, find, parts)
}

/** With the slash at the end that an app's `ignoreTrailingSlash` has taken: a folder would lead to itself for ever. */
function withSlashOf(url: string, name: string): string {
  const query = url.indexOf('?')
  const last = url.charAt((query === -1 ? url.length : query) - 1)
  return last === '/' && name !== '' && !name.endsWith('/') ? `${name}/` : name
}

/** One file of the build under a path of its own, outside the build's: `/favicon.ico`. */
export function addRootFile(app: FastifyInstance, url: string, path: string, parts: RouteParts): void {
  addRoutes(app, url, ({ raw }, method) => parts.site.answer(path, method, raw.headers), parts)
}

function addRoutes(app: FastifyInstance, url: string, find: Find, { sender, settings }: RouteParts): void {
  const completerFor = createReplyHeaderMerger()
  // Takes the reply out of Fastify's hands, keeping the headers that hooks have set; onResponse still runs.
  const answer = (reply: FastifyReply, response: Response) => {
    reply.hijack()
    send(reply.raw, response, completerFor(reply), sender)
  }
  const miss = (request: FastifyRequest, reply: FastifyReply) => {
    if (settings.fallthrough) reply.callNotFound()
    else answer(reply, request.method === 'HEAD' ? withoutBody(NOT_FOUND) : NOT_FOUND)
  }
  app.route({
    method: ['GET', 'HEAD'],
    url,
    exposeHeadRoute: false,
    handler(request, reply) {
      const response = find(request, request.raw.method ?? 'GET')
      if (response === undefined) miss(request, reply)
      else answer(reply, response)
    },
  })
  app.route({
    method: app.supportedMethods.filter((method) => method !== 'GET' && method !== 'HEAD'),
    url,
    // Before the body is looked at: a POST of any media type is a wrong method, not a wrong media type.
    onRequest(request, reply) {
      if (find(request, 'HEAD') === undefined) miss(request, reply)
      else if (request.method === 'OPTIONS') answer(reply, preflight(settings.headers))
      else answer(reply, METHOD_NOT_ALLOWED)
    },
    handler: () => undefined,
  })
}
