import type { FastifyInstance } from 'fastify'
import { etagOf } from './answer.ts'
import type { SendBytes } from './send.ts'

/**
 * What sendFile is asked to do: to send bytes. Which ones, of what type, and whether the browser has them already, is
 * decided before, in the same way for every storage.
 */
const BYTES_ONLY = {
  acceptRanges: false,
  cacheControl: false,
  contentType: false,
  dotfiles: 'deny',
  index: false,
} as const

/**
 * Sends files of a folder by @fastify/static's `sendFile`, which this registers without routes. sendFile follows links
 * out of its folder; a name gets here only after the storage has looked where it leads.
 *
 * Where the app has a `sendFile` of its own, it isn't used: what that was told to do (`preCompressed`, `setHeaders`)
 * must not be done to what visitors upload.
 *
 * @param otherwise sends what sendFile can't be trusted with
 */
export async function createFileSender(
  scope: FastifyInstance,
  root: string,
  otherwise: SendBytes,
): Promise<SendBytes> {
  if (scope.hasReplyDecorator('sendFile')) return otherwise
  const { default: fastifyStatic } = await import('@fastify/static')
  await scope.register(fastifyStatic, {
    serve: false,
    // sendFile writes a weak tag of its own over ours.
    setHeaders: (reply, _path, { size, mtime }) => {
      reply.header('etag', etagOf({ size, modifiedAt: mtime }))
    },
  })
  return (reply, body) => {
    const { 'if-match': tags, 'if-unmodified-since': date } = reply.request.headers
    // sendFile judges the conditions again, and a date even where If-Match has decided (RFC 9110 §13.2.2).
    if (tags !== undefined && date !== undefined) return otherwise(reply, body)
    const { key, range } = body
    const { start, end } = range ?? {}
    return reply.sendFile(key, root, { ...BYTES_ONLY, ...(range === undefined ? {} : { start, end }) })
  }
}
