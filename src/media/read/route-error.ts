import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { type AnswerOptions, safetyHeaders } from './answer.ts'
import type { SendAnswer } from './send.ts'

/** What a route does with an error. */
export type RouteErrorHandler = (
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply

/**
 * Errors below the media URL have the headers of every other answer there. What is the visitor's fault is worded by the
 * app's own error handler; what isn't is logged, since its message names folders and buckets.
 */
export function createErrorHandler({ resourcePolicy }: AnswerOptions, send: SendAnswer): RouteErrorHandler {
  const headers = { ...safetyHeaders(resourcePolicy), 'cache-control': 'no-store' }
  return (error, request, reply) => {
    if ((error.statusCode ?? 500) < 500) {
      reply.headers(headers)
      throw error
    }
    request.log.error(error)
    const text = 'The file is not to be had at the moment.\n'
    const typed = { ...headers, 'content-type': 'text/plain; charset=utf-8' }
    return send(reply, { status: 500, headers: typed, body: { kind: 'text', text } })
  }
}
