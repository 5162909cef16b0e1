import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { fileNameOf } from '../../core/path.ts'
import { isSafeKey } from '../content/name.ts'
import type { LinkSigner } from '../links/link.ts'
import type { UploadLimits } from '../options.ts'
import { type AnswerOptions, emptyAnswer, refuse } from '../read/answer.ts'
import type { NameRequest } from '../read/read-route.ts'
import { createErrorHandler, type SendAnswer } from '../read/send.ts'
import { drain } from './form.ts'
import { saveUpload, type UploadContext } from './upload.ts'

/** What taking a file by PUT needs. */
export interface Putting {
  readonly signer: LinkSigner
  readonly limits: UploadLimits
  readonly context: Omit<UploadContext<FastifyRequest>, 'request'>
  readonly answering: AnswerOptions
  readonly send: SendAnswer
}

/**
 * PUT of a name whose link was signed for it: what a presigned address is to an object store, for all other storages.
 * The body is the file, whatever its Content-Type; what has the name is replaced, so that a client may try again.
 *
 * @param path of the route within the scope: `/media/`
 */
export function addPutRoute(app: FastifyInstance, path: string, putting: Putting): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    const errorHandler = createErrorHandler(putting.answering, putting.send)
    scope.put(`${path}*`, { errorHandler }, (request: NameRequest, reply) =>
      takeFile(request, reply, putting),
    )
  })
}

async function takeFile(request: NameRequest, reply: FastifyReply, putting: Putting): Promise<FastifyReply> {
  const { signer, limits, context, send } = putting
  const { '*': name } = request.params
  const query = request.query as Readonly<Record<string, unknown>>
  try {
    if (!isSafeKey(name) || signer.verify(name, 'PUT', query) !== 'valid') return send(reply, refuse(403))
    const file = request.body instanceof Readable ? request.body : Readable.from([])
    const part = { filename: fileNameOf(name), fieldname: '', mimetype: '', file }
    const options = { uploadTo: () => name, maxBytes: limits.maxFileBytes, overwrite: true }
    await saveUpload(part, options, { ...context, request })
    return send(reply, emptyAnswer(201))
  } finally {
    drain(request.raw)
  }
}
