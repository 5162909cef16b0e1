import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FingerpostError } from '../../core/error.ts'
import { addRoute, hiddenSchema } from '../../http/exclusive-route.ts'
import { createLog } from '../../http/log.ts'
import { canonicalPath } from '../../http/mount.ts'
import { hasTurn, waitForTurn } from '../../http/reply.ts'
import { type Response, redirectTo, withQueryOf } from '../../http/response.ts'
import type { Storage, StoredFile } from '../../storage/storage.ts'
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
  /** The picture whose variant has a name. */
  readonly originalOf: (name: string) => string | undefined
  readonly answering: AnswerOptions
  readonly send: SendAnswer
}

/** A request for a name below the media URL. */
export type NameRequest = FastifyRequest<{ Params: { readonly '*': string } }>

/**
 * GET and HEAD of every name.
 *
 * @param path of the route within the scope: `/media/`
 * @throws FingerpostError `FP_CONFIG` where another plugin has the path
 */
export function addReadRoute(app: FastifyInstance, path: string, reading: Reading): void {
  const { logLevel } = reading.config
  addRoute(app, {
    ...(logLevel && { logLevel }),
    method: ['GET', 'HEAD'],
    url: `${path}*`,
    exposeHeadRoute: false,
    schema: hiddenSchema(),
    errorHandler: createErrorHandler(reading.answering, reading.send),
    async handler(request: FastifyRequest, reply: FastifyReply) {
      // Nothing is looked up or opened for a pipelined request before its turn.
      if (!hasTurn(reply.raw) && !(await waitForTurn(reply.raw))) return reply.hijack()
      const { '*': name } = (request as NameRequest).params
      return reading.send(reply, await answerRequest(request, name, reading))
    },
  })
}

/**
 * A target with raw colons in its last segment. encodeURIComponent escapes them, and files of older sites have them.
 * Unlike a folder, a single file seldom has a route as its guard.
 */
function withRawColons(target: string): string {
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  const name = path.lastIndexOf('/') + 1
  return path.slice(0, name) + path.slice(name).replace(/%3a/gi, ':') + target.slice(path.length)
}

async function answerRequest(request: FastifyRequest, name: string, reading: Reading): Promise<Response> {
  const { config, isPrivate, handoff, answering } = reading
  const { storage } = config
  if (!isReadableKey(name)) return refuse(404)
  const target = request.raw.url ?? ''
  const location = canonicalPath(withRawColons(target), reading.path, name)
  if (location !== undefined) return withQueryOf(target, redirectTo(location, 'no-cache'))
  // A variant is as private as its picture.
  const original = reading.originalOf(name)
  const isFilePrivate = isPrivate(name) || (original !== undefined && isPrivate(original))
  const query = request.query as Readonly<Record<string, unknown>>
  const link = reading.signer?.verify(name, request.method, query) ?? 'unsigned'
  if (isFilePrivate && !(await mayRead(request, original ?? name, link, config))) return refuse(403)
  const file = (await findFile(storage, name)) ?? (original && (await findFile(storage, original)))
  if (!file) {
    createLog(request.log).info(`${storage.name} has no file ${name}`)
    return refuse(404)
  }
  const disposition = query['disposition'] === 'attachment' ? 'attachment' : undefined
  const { method, headers } = request
  const described: MediaRequest = { method, headers, isPrivate: isFilePrivate, disposition }
  const sendable = await describeFile(storage, file, described, answering)
  return handoff(sendable) ?? answerWithFile(sendable, described)
}

async function findFile(storage: Storage, name: string): Promise<StoredFile | undefined> {
  try {
    const file = await storage.stat(name)
    // A disk that ignores case finds a file under other names, too. Only its own name is served.
    return file?.key === name ? file : undefined
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
