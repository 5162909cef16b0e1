import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FingerpostError } from '../../core/error.ts'
import { hasTurn, waitForTurn } from '../../http/connection.ts'
import type { Response } from '../../http/response.ts'
import type { Storage } from '../../storage/storage.ts'
import { isSafeKey } from '../content/name.ts'
import type { LinkSigner, LinkVerdict } from '../links/link.ts'
import type { MediaConfig } from '../options.ts'
import { type AnswerOptions, answerWithFile, describeFile, type MediaRequest, refuse } from './answer.ts'
import type { Handoff } from './handoff.ts'
import { createErrorHandler, type SendAnswer } from './send.ts'

/** What answering needs. */
export interface Reading {
  readonly options: MediaConfig
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
  const { options, handoff, answering } = reading
  const { storage } = options
  // A name no upload can have is none that is stored: neither is looked for on the disk.
  if (!isSafeKey(name)) return refuse(404)
  const isPrivate = isPrivateName(name, options.private)
  const query = request.query as Readonly<Record<string, unknown>>
  const link = reading.signer?.verify(name, request.method, query) ?? 'unsigned'
  if (isPrivate && !(await mayRead(request, name, link, options))) return refuse(403)
  const file = await statOrUndefined(storage, name)
  if (file === undefined) return refuse(404)
  const disposition = query['disposition'] === 'attachment' ? 'attachment' : undefined
  const described: MediaRequest = { method: request.method, headers: request.headers, isPrivate, disposition }
  const sendable = await describeFile(storage, file, described, answering)
  return handoff === undefined ? answerWithFile(sendable, described) : handoff(sendable)
}

async function statOrUndefined(storage: Storage, name: string) {
  try {
    return await storage.stat(name)
  } catch (error) {
    // A link that leads out of the folder: for visitors there is nothing.
    if (error instanceof FingerpostError && error.code === 'FP_PATH') return undefined
    throw error
  }
}

function isPrivateName(name: string, option: MediaConfig['private']): boolean {
  if (option === undefined || typeof option === 'boolean') return option === true
  return typeof option === 'function' ? option(name) : option.some((prefix) => name.startsWith(prefix))
}

function mayRead(
  request: FastifyRequest,
  name: string,
  link: LinkVerdict,
  { authorize }: MediaConfig,
): boolean | Promise<boolean> {
  return authorize === undefined ? link === 'valid' : authorize(request, { name, link })
}
