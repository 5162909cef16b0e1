import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { MediaAnswer } from './answer.ts'

/** Puts an answer onto a reply. */
export function sendAnswer(reply: FastifyReply, { status, headers, body }: MediaAnswer): FastifyReply {
  reply.code(status).headers({ ...headers })
  if (body === undefined || reply.request.method === 'HEAD') {
    // The length of a HEAD is that of the GET; without a body Fastify would write 0 over it.
    return headers['content-length'] === undefined ? reply.send() : reply.send(Readable.from([]))
  }
  return reply.send(Readable.from(body, { objectMode: false }))
}
