import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FingerpostError } from '../../core/error.ts'
import { canonicalPath } from '../../http/mount.ts'
import { hasTurn, waitForTurn } from '../../http/reply.ts'
import { type Response, redirectTo, withQueryOf } from '../../http/response.ts'
import type { Storage } from '../../storage/storage.ts'
import { isReadableKey } from '../content/name.ts'
import type { LinkSigner, LinkVerdict } from '../links/link.ts'
import type { MediaConfig } from '../options.ts'
import { type AnswerOptions, answerWithFile, describeFile, type MediaRequest, refuse } from './answer.ts'
import type { Handoff } from './handoff.ts'
import type { IsPrivate } from './privacy.ts'
import { createErrorHandler, type SendAnswer } from './send.ts'

/** What answering needs. */
export interface Reading {
  readonly config: MediaConfig
  /** The path of the route in requests: `/media/`. */
  readonly path: string
  readonly isPrivate: IsPrivate
  readonly signer: LinkSigner | undefined
  readonly handoff: Handoff
  readonly answering: AnswerOptions
  readonly send: SendAnswer
}

/** A request for a name below the media URL. */
export type NameRequest = FastifyRequest<{ Params: { readonly '*': string } }>

/** GET and HEAD of every name. @param path of the route within the scope: `/media/` */
export function addReadRoute(app: FastifyInstance, path: string, reading: Reading): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: `${path}*`,
    exposeHeadRoute: false,
    errorHandler: createErrorHandler(reading.answering, reading.send),
    async handler(request: NameRequest, reply: FastifyReply) {
      // Nothing is looked up or opened for a pipelined request before its turn.
      if (!hasTurn(reply.raw) && !(await waitForTurn(reply.raw))) return reply.hijack()
      return reading.send(reply, await answerRequest(request, request.params['*'], reading))
    },
  })
}

async function answerRequest(request: FastifyRequest, name: string, reading: Reading): Promise<Response> {
  const { config, isPrivate, handoff, answering } = reading
  const { storage } = config
  if (!isReadableKey(name)) return refuse(404)
  const target = request.raw.url ?? ''
  const location = canonicalPath(target, reading.path, name)
  if (location !== undefined) return withQueryOf(target, redirectTo(location, 'no-cache'))
  const isFilePrivate = isPrivate(name)
  const query = request.query as Readonly<Record<string, unknown>>
  const link = reading.signer?.verify(name, request.method, query) ?? 'unsigned'
  if (isFilePrivate && !(await mayRead(request, name, link, config))) return refuse(403)
  const file = await statOrUndefined(storage, name)
  // A disk that ignores case finds a file under other names, too. Only its own name is served.
  if (file === undefined || file.key !== name) return refuse(404)
  const disposition = query['disposition'] === 'attachment' ? 'attachment' : undefined
  const { method, headers } = request
  const described: MediaRequest = { method, headers, isPrivate: isFilePrivate, disposition }
  const sendable = await describeFile(storage, file, described, answering)
  return handoff === undefined ? answerWithFile(sendable, described) : handoff(sendable)
}

async function statOrUndefined(storage: Storage, name: string) {
  try {
    return await storage.stat(name)
  } catch (error) {
    // A link that leads out of the folder.
    if (error instanceof FingerpostError && error.code === 'FP_PATH') return undefined
    throw error
  }
}

function mayRead(
  request: FastifyRequest,
  name: string,
  link: LinkVerdict,
  { authorize }: MediaConfig,
): boolean | Promise<boolean> {
  return authorize === undefined ? link === 'valid' : authorize(request, { name, link })
}
