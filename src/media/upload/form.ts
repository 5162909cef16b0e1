import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { UploadLimits } from '../options.ts'
import {
  brokenUpload,
  type SavedUpload,
  saveUpload,
  type UploadContext,
  type UploadOptions,
  type UploadPart,
} from './upload.ts'

/** Which files a form may have. */
export interface FormOptions {
  /** By form field; a file in any other field is refused. */
  readonly files: Readonly<Record<string, FormFileOptions>>
}

/** What the files of one field may be. */
export interface FormFileOptions extends UploadOptions<FastifyRequest> {
  /** Default 1. */
  readonly maxFiles?: number
}

/** A form that was read to its end. */
export interface SavedForm {
  /** In the order of the form. */
  readonly files: readonly SavedUpload[]
  /** The other fields; of several with one name, the last. */
  readonly fields: ReadonlyMap<string, string>
}

/** A field as @fastify/multipart hands it over. */
interface FieldPart {
  readonly type: 'field'
  readonly fieldname: string
  readonly value: unknown
  readonly fieldnameTruncated: boolean
  readonly valueTruncated: boolean
}

interface FilePart extends UploadPart {
  readonly type: 'file'
}

/** What @fastify/multipart, an optional package, adds to a request. */
interface MultipartRequest {
  isMultipart?(): boolean
  parts(options: { readonly limits: Readonly<Record<string, number>> }): AsyncIterable<FieldPart | FilePart>
}

/**
 * Stores the files of a form, all or none: where one is refused, those already stored are removed.
 *
 * @throws FingerpostError `FP_LIMIT` (413), `FP_UPLOAD` (400 malformed or cut off, 415 of a type not allowed)
 */
export async function saveForm(
  { files: allowed }: FormOptions,
  limits: UploadLimits,
  context: UploadContext<FastifyRequest>,
): Promise<SavedForm> {
  const { request } = context
  const files: SavedUpload[] = []
  const fields = new Map<string, string>()
  try {
    refuseLarge(request, limits)
    for await (const part of partsOf(request, limits)) {
      if (part.type === 'field') fields.set(part.fieldname, textOf(part, limits))
      else if (!(await isEmptyInput(part))) files.push(await saveFile(part, allowed, files, limits, context))
    }
    return { files, fields }
  } catch (error) {
    for (const { name } of files) await context.files.delete(name)
    drain(request.raw)
    throw error
  }
}

/**
 * Lets the client finish what it is sending, or it would never see the answer; but not for ever.
 */
export function drain(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return
  request.resume()
  const timer = setTimeout(() => request.destroy(), LIMITS.uploadLingerMs).unref()
  request.once('close', () => clearTimeout(timer))
}

function saveFile(
  part: UploadPart,
  allowed: FormOptions['files'],
  before: readonly SavedUpload[],
  limits: UploadLimits,
  context: UploadContext<FastifyRequest>,
): Promise<SavedUpload> {
  const options = Object.hasOwn(allowed, part.fieldname) ? allowed[part.fieldname] : undefined
  if (options === undefined)
    throw refused(400, `The form has no field ${JSON.stringify(part.fieldname)} for files.`)
  const ofField = before.filter(({ field }) => field === part.fieldname).length
  const maxFiles = options.maxFiles ?? 1
  if (ofField >= maxFiles) throw overLimit(`The field ${part.fieldname} has more than ${maxFiles} files.`)
  const left = limits.maxRequestBytes - before.reduce((sum, { size }) => sum + size, 0)
  const maxBytes = Math.min(options.maxBytes ?? limits.maxFileBytes, left)
  return saveUpload(part, { ...options, maxBytes }, context)
}

/** Before a byte of the body is read, if the client says how many there are. */
function refuseLarge(
  { headers }: FastifyRequest,
  { maxRequestBytes, maxFields, maxFieldBytes }: UploadLimits,
): void {
  const most = maxRequestBytes + maxFields * maxFieldBytes
  if (Number(headers['content-length'] ?? 0) > most) throw overLimit(`The form has more than ${most} bytes.`)
}

/** Errors of the parser are the client's; what the reader of the parts throws passes by. */
async function* partsOf(request: FastifyRequest, limits: UploadLimits): AsyncGenerator<FieldPart | FilePart> {
  const form = request as unknown as MultipartRequest
  if (form.isMultipart === undefined) throw notInstalled()
  if (!form.isMultipart()) throw refused(415, 'The request is no form with files (multipart/form-data).')
  try {
    yield* form.parts({
      limits: {
        fileSize: limits.maxFileBytes + 1,
        files: limits.maxFiles,
        fields: limits.maxFields,
        parts: limits.maxParts,
        fieldSize: limits.maxFieldBytes,
      },
    })
  } catch (error) {
    if (error instanceof FingerpostError) throw error
    if (statusOf(error) === 413) throw overLimit(`The form is too large: ${messageOf(error)}.`, error)
    throw brokenUpload(messageOf(error), error)
  }
}

/** Browsers send a file without name and bytes for an input nobody used. */
async function isEmptyInput(part: UploadPart): Promise<boolean> {
  if (part.filename !== undefined && part.filename !== '') return false
  for await (const piece of part.file)
    if (piece.length > 0) throw refused(400, 'The form has a file without a name.')
  return true
}

function textOf(part: FieldPart, { maxFieldBytes }: UploadLimits): string {
  if (part.valueTruncated || part.fieldnameTruncated) {
    throw overLimit(`A field of the form has more than ${maxFieldBytes} bytes.`)
  }
  return typeof part.value === 'string' ? part.value : JSON.stringify(part.value)
}

function notInstalled(): FingerpostError {
  return new FingerpostError('FP_CONFIG', 'Reading forms needs the package @fastify/multipart.', {
    remedy: 'Install it: npm install @fastify/multipart',
  })
}

function overLimit(message: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_LIMIT', message, { statusCode: 413, cause })
}

function refused(statusCode: number, message: string): FingerpostError {
  return new FingerpostError('FP_UPLOAD', message, { statusCode })
}

function statusOf(error: unknown): number {
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 0
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
