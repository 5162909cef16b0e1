import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { asCountWithin, type OptionTable, parseCallOptions } from '../core/option.ts'
import { createReplyHeaderMerger, hasTurn, waitForTurn } from '../http/reply.ts'
import { NOT_FOUND, type Response } from '../http/response.ts'
import { send } from '../http/send.ts'
import type { AnsweringSite } from './site.ts'

/** What `reply.sendStatic` may be told. */
export interface SendStaticOptions {
  /** The status of the answer, 404 for a page of your own. Conditions and ranges are then ignored. Default 200. */
  readonly status?: number
}

const TABLE: OptionTable<SendStaticOptions> = { status: asCountWithin(200, 599) }

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Answers with a file of the build from a route of your own, as its logical name does: negotiated, with an ETag, to
     * be revalidated.
     *
     * @throws FingerpostError `FP_UNKNOWN_NAME` with the nearest names
     */
    sendStatic(name: string, options?: SendStaticOptions): FastifyReply
  }
}

/** Adds `reply.sendStatic`. @param check throws for a name that isn't in the build */
export function addSendStatic(
  app: FastifyInstance,
  site: AnsweringSite,
  check: (name: string) => unknown,
): void {
  const completerFor = createReplyHeaderMerger()
  const answerNow = (reply: FastifyReply, name: string, status: number | undefined) => {
    const response = answerTo(reply.request, name, status, site)
    reply.hijack()
    send(reply.raw, response, completerFor(reply), site.sender)
  }
  app.decorateReply('sendStatic', function (this: FastifyReply, name, options) {
    const { status } = parseCallOptions(options, TABLE, "sendStatic's options")
    check(name)
    // In live mode the file is read to find the answer.
    if (hasTurn(this.raw)) answerNow(this, name, status)
    else
      waitForTurn(this.raw)
        .then((came) => (came ? answerNow(this, name, status) : this.hijack()))
        .catch((error) => this.send(error))
    return this
  })
}

/** A POST may be answered with a page, too: conditions and ranges are for GET and HEAD (RFC 9110 §13.1, §14.2). */
function answerTo(
  { method, raw: { headers } }: FastifyRequest,
  name: string,
  status: number | undefined,
  site: AnsweringSite,
): Response {
  const isPlain = status === undefined && (method === 'GET' || method === 'HEAD')
  const asked = isPlain ? headers : { host: headers.host, 'accept-encoding': headers['accept-encoding'] }
  const response = site.answer(name, method === 'HEAD' ? 'HEAD' : 'GET', asked) ?? NOT_FOUND
  return status === undefined || response.status !== 200 ? response : { ...response, status }
}
