import type { FastifyInstance, FastifyRequest } from 'fastify'
import { FingerpostError } from '../../core/error.ts'
import { overLimit } from '../content/content.ts'
import type { UploadLimits } from '../options.ts'
import type { Wait } from './intake.ts'
import { brokenUpload, checkEncoding, type UploadPart } from './upload.ts'

/** A part of a form. */
export type FormPart =
  | { readonly kind: 'field'; readonly name: string; readonly value: string }
  | { readonly kind: 'file'; readonly file: UploadPart }

/** A part as @fastify/multipart hands it over. */
type ParsedPart = ParsedField | ParsedFile

interface ParsedField {
  readonly type: 'field'
  readonly fieldname: string
  readonly encoding?: string
  readonly value: unknown
  readonly fieldnameTruncated: boolean
  readonly valueTruncated: boolean
}

interface ParsedFile extends Omit<UploadPart, 'filename'> {
  readonly type: 'file'
  readonly filename: string | undefined
}

/** What @fastify/multipart, an optional package, adds to a request. */
interface MultipartRequest {
  isMultipart?(): boolean
  parts(options: object): AsyncIterable<ParsedPart>
}

/** Registers @fastify/multipart, if it is installed: an app that takes no forms doesn't need it. */
export async function registerMultipart(app: FastifyInstance, limits: UploadLimits): Promise<void> {
  if (app.hasRequestDecorator('parts')) return
  const multipart = await import('@fastify/multipart').catch(() => undefined)
  if (multipart === undefined) return
  await app.register(multipart.default, { limits: parserLimits(limits), throwFileSizeLimit: false })
}

/**
 * The parts of a form, in its order, without the inputs that weren't used.
 *
 * @throws FingerpostError `FP_LIMIT` (413), `FP_UPLOAD` (400, 415), `FP_CONFIG` if something else has read the form
 */
export async function* readParts(
  request: FastifyRequest,
  limits: UploadLimits,
  wait: Wait,
): AsyncGenerator<FormPart> {
  const parts = openForm(request, limits)[Symbol.asyncIterator]()
  const nextPart = () => wait(parts.next()).catch((error: unknown) => Promise.reject(parserFault(error)))
  for (let next = await nextPart(); next.done !== true; next = await nextPart()) {
    const part = next.value
    checkEncoding(part)
    if (isText(part)) {
      yield { kind: 'field', name: part.fieldname, value: await textOf(part, limits, wait) }
    } else if (part.filename) yield { kind: 'file', file: { ...part, filename: part.filename } }
    else await skipUnused(part, wait)
  }
}

function openForm(request: FastifyRequest, limits: UploadLimits): AsyncIterable<ParsedPart> {
  const form = request as unknown as MultipartRequest
  if (form.isMultipart === undefined) throw notInstalled()
  if (!form.isMultipart()) throw notAForm()
  if (request.body !== undefined && request.body !== null) return attachedParts(request.body)
  if (request.raw.readableEnded) throw alreadyRead()
  return form.parts({ limits: parserLimits(limits), isPartAFile })
}

function parserLimits({ maxFileBytes, maxFiles, maxFields, maxParts, maxFieldBytes }: UploadLimits) {
  return {
    fileSize: maxFileBytes + 1,
    // Fields of JSON count as files here; the form counts the real ones.
    files: maxFiles + maxFields,
    fields: maxFields,
    parts: maxParts,
    fieldSize: maxFieldBytes,
  }
}

/** As the parser judges, and JSON: as a field it would be parsed, and numbers would change. */
function isPartAFile(_field: string, type: string | undefined, filename: string | undefined): boolean {
  return (
    filename !== undefined || type === 'application/octet-stream' || /^application\/json\b/i.test(type ?? '')
  )
}

/** With `attachFieldsToBody: true` the parser has read everything before the handler. */
async function* attachedParts(body: unknown): AsyncGenerator<ParsedPart> {
  const parts = Object.values(body as object).flat() as readonly unknown[]
  // With 'keyValues' the names of the files are lost.
  if (!parts.every(isParsedPart)) throw alreadyRead()
  yield* parts
}

function isParsedPart(value: unknown): value is ParsedPart {
  return typeof value === 'object' && value !== null && 'fieldname' in value && 'type' in value
}

/** A field, or a part that is a file to the parser only so that it isn't parsed: that one has no name. */
function isText(part: ParsedPart): part is ParsedField | (ParsedFile & { readonly filename: undefined }) {
  return (
    part.type === 'field' || (part.filename === undefined && part.mimetype !== 'application/octet-stream')
  )
}

async function textOf(part: ParsedPart, { maxFieldBytes }: UploadLimits, wait: Wait): Promise<string> {
  if (part.type === 'file') return (await bytesOf(part, maxFieldBytes, wait)).toString()
  if (part.valueTruncated || part.fieldnameTruncated) throw overLimit('A field of the form', maxFieldBytes)
  if (typeof part.value === 'string') return part.value
  // JSON that attachFieldsToBody has parsed: its text is lost.
  throw alreadyRead()
}

async function bytesOf({ file }: ParsedFile, maxBytes: number, wait: Wait): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  const iterator = file[Symbol.asyncIterator]()
  for (let next = await wait(iterator.next()); next.done !== true; next = await wait(iterator.next())) {
    pieces.push(next.value)
    bytes += next.value.length
    if (bytes <= maxBytes) continue
    file.destroy?.()
    throw overLimit('A field of the form', maxBytes)
  }
  return Buffer.concat(pieces)
}

/** Browsers send a file without name and bytes for an input that wasn't used. */
async function skipUnused(part: ParsedFile, wait: Wait): Promise<void> {
  await bytesOf(part, 0, wait).catch((cause: unknown) => {
    throw new FingerpostError('FP_UPLOAD', 'The form has a file without a name.', { statusCode: 400, cause })
  })
}

/** Errors of the parser are the client's. */
function parserFault(error: unknown): unknown {
  if (error instanceof FingerpostError) return error
  if (statusOf(error) !== 413) return brokenUpload(messageOf(error), error)
  const message = `The form is too large: ${messageOf(error)}.`
  return new FingerpostError('FP_LIMIT', message, { statusCode: 413, cause: error })
}

function alreadyRead(): FingerpostError {
  return new FingerpostError('FP_CONFIG', 'The form was read before saveUploads() could read it.', {
    remedy:
      "Register @fastify/multipart without attachFieldsToBody: 'keyValues', and read the form once, by saveUploads().",
  })
}

function notAForm(): FingerpostError {
  return new FingerpostError('FP_UPLOAD', 'The request is not a form with files.', {
    remedy: 'Send it as multipart/form-data.',
    statusCode: 415,
  })
}

function notInstalled(): FingerpostError {
  return new FingerpostError('FP_CONFIG', 'Reading forms needs the package @fastify/multipart.', {
    remedy: 'Install it: npm install @fastify/multipart',
  })
}

function statusOf(error: unknown): number {
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 0
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
