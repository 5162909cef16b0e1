import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { createBodyCache, NO_CACHE } from '../../http/body-cache.ts'
import { type BodySource, createFileSource, createStorageSource } from '../../http/body-source.ts'
import { createLog } from '../../http/log.ts'
import { createReplyHeaderMerger } from '../../http/reply.ts'
import { type Response, UNAVAILABLE, withoutBody } from '../../http/response.ts'
import { send } from '../../http/send.ts'
import type { Storage } from '../../storage/storage.ts'
import { type AnswerOptions, safetyHeaders } from './answer.ts'

/** Sends an answer on a reply. */
export type SendAnswer = (reply: FastifyReply, answer: Response) => FastifyReply

/** Sends what a plugin answers, with the headers that keep uploads from doing harm. */
export function createSender(storage: Storage, options: AnswerOptions, stallMs: number): SendAnswer {
  const completerFor = createReplyHeaderMerger()
  const cache = createBodyCache(NO_CACHE, sourceOf(storage))
  const headers = safetyHeaders(options.resourcePolicy)
  return (reply, answer) => {
    reply.headers(headers)
    reply.hijack()
    const { request } = reply
    const sender = { cache, stallMs, onFault: (error: unknown) => createLog(request.log).error(error) }
    send(reply.raw, request.method === 'HEAD' ? withoutBody(answer) : answer, completerFor(reply), sender)
    return reply
  }
}

/**
 * Handles errors below the media URL. The app's own error handler words those that the visitor caused; others are
 * logged, since their messages name folders and buckets.
 */
export function createErrorHandler({ resourcePolicy }: AnswerOptions, sendAnswer: SendAnswer) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if ((error.statusCode ?? 500) < 500) {
      reply.headers({ ...safetyHeaders(resourcePolicy), 'cache-control': 'no-store' })
      throw error
    }
    createLog(request.log).error(error)
    return sendAnswer(reply, UNAVAILABLE)
  }
}

/** Files that a storage can open share one descriptor each; otherwise each range is read as a stream. */
function sourceOf(storage: Storage): BodySource {
  const { openFile } = storage
  return openFile === undefined
    ? createStorageSource(storage)
    : createFileSource(({ path, etag }) => openFile.call(storage, path, etag))
}
