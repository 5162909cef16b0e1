import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { fileNameOf } from '../../core/path.ts'
import { hiddenSchema } from '../../http/exclusive-route.ts'
import { canonicalPath } from '../../http/mount.ts'
import { overLimit } from '../content/content.ts'
import { isSafeKey } from '../content/name.ts'
import type { LinkSigner } from '../links/link.ts'
import type { UploadLimits } from '../options.ts'
import { type AnswerOptions, emptyAnswer, refuse } from '../read/answer.ts'
import type { NameRequest } from '../read/read-route.ts'
import { createErrorHandler, type SendAnswer } from '../read/send.ts'
import { discardRest, type Intake } from './intake.ts'
import { saveUpload, type UploadContext } from './upload.ts'

/** What taking a file by PUT needs. */
export interface Putting extends Omit<UploadContext<FastifyRequest>, 'request' | 'wait'> {
  readonly signer: LinkSigner
  readonly limits: UploadLimits
  readonly intake: Intake
  readonly answering: AnswerOptions
  readonly send: SendAnswer
}

/**
 * PUT of a name whose link was signed for it, as an object store takes it from a presigned URL. The body is the file,
 * whatever its Content-Type. A file of that name is replaced, so that a client may try again.
 *
 * @param path of the route within the scope: `/media/`
 */
export function addPutRoute(app: FastifyInstance, path: string, putting: Putting): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    const errorHandler = createErrorHandler(putting.answering, putting.send)
    scope.put(`${path}*`, { errorHandler, schema: hiddenSchema() }, async (request: NameRequest, reply) => {
      // A redirect would lose the body. See canonicalPath() for why guards need it.
      if (canonicalPath(request.raw.url ?? '', app.prefix + path, request.params['*']) !== undefined) {
        discardRest(request.raw)
        return putting.send(reply, refuse(404))
      }
      const isTaken = await takeFile(request, putting)
      return putting.send(reply, isTaken ? emptyAnswer(201) : refuse(403))
    })
  })
}

/** @returns false without a valid signature */
async function takeFile(request: NameRequest, putting: Putting): Promise<boolean> {
  const { signer, limits, intake, ...context } = putting
  const { '*': name } = request.params
  const query = request.query as Readonly<Record<string, unknown>>
  if (!isSafeKey(name) || signer.verify(name, 'PUT', query) !== 'valid') {
    discardRest(request.raw)
    return false
  }
  await intake.take(request.raw, async (wait) => {
    const { maxFileBytes: maxBytes } = limits
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw overLimit('The file', maxBytes)
    const part = { filename: fileNameOf(name), fieldname: '', mimetype: '', file: bodyOf(request) }
    await saveUpload(part, { uploadTo: () => name, maxBytes, overwrite: true }, { ...context, request, wait })
  })
  return true
}

/**
 * A reader that stops early must not close the connection: the answer is still to be sent. Over HTTP/2 Fastify hands
 * over no body that has neither length nor type.
 */
function bodyOf({ body, raw }: FastifyRequest): AsyncIterable<Uint8Array> {
  const file = body instanceof Readable ? body : raw
  return { [Symbol.asyncIterator]: () => file.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]() }
}
