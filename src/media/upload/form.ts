import type { FastifyRequest } from 'fastify'
import { FingerpostError } from '../../core/error.ts'
import { asAnything, asCount, asRecord, parseOptions } from '../../core/option.ts'
import { isOverLimit, overLimit } from '../content/content.ts'
import type { UploadLimits } from '../options.ts'
import { commitAll } from '../staged-file.ts'
import { readParts } from './parts.ts'
import {
  type PendingUpload,
  receiveUpload,
  type SavedUpload,
  UPLOAD_TABLE,
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
  /** The other fields, as they were sent. A field that was sent several times is a list. */
  readonly fields: ReadonlyMap<string, string | readonly string[]>
  /** The value of a field, of several the last one. */
  field(name: string): string | undefined
  /**
   * Lets files with `overwrite` replace what has their names, all or none. Happens by itself before an answer with a
   * status below 400 is sent.
   */
  commit(): Promise<void>
  /**
   * Removes the files of the form; what they would have replaced stays. Happens by itself if the handler throws or
   * answers with a status from 400. Without effect after `commit`.
   */
  rollback(): Promise<void>
}

/**
 * Receives the files of a form, all or none: if one is refused, those before it are removed.
 *
 * @throws FingerpostError `FP_LIMIT` (413), `FP_UPLOAD` (400 malformed or cut off, 415 of a type not allowed)
 */
export async function receiveForm(
  options: FormOptions,
  limits: UploadLimits,
  context: UploadContext<FastifyRequest>,
): Promise<SavedForm> {
  const { request, wait } = context
  const allowed = readOptions(options)
  const uploads: PendingUpload[] = []
  const fields = new Map<string, string | readonly string[]>()
  try {
    refuseLarge(request, limits)
    for await (const part of readParts(request, limits, wait)) {
      if (part.kind === 'field') addField(fields, part.name, part.value)
      else uploads.push(await receiveFile(part.file, allowed, uploads, limits, context))
    }
    for (const upload of uploads) await upload.confirm()
  } catch (error) {
    await rollBack(uploads)
    throw error
  }
  return savedForm(uploads, fields)
}

/** A mistyped `extensions` would let every file in. */
function readOptions(options: FormOptions): FormOptions['files'] {
  const { files = {} } = parseOptions<FormOptions>(options, { files: asAnything }, "saveUploads' options")
  for (const [field, each] of Object.entries(asRecord(files, 'files')))
    parseOptions(each, { ...UPLOAD_TABLE, maxFiles: asCount }, `files.${field}`)
  return files
}

function savedForm(uploads: readonly PendingUpload[], fields: SavedForm['fields']): SavedForm {
  let state: 'open' | 'committed' | 'undone' = 'open'
  return {
    files: uploads.map(({ saved }) => saved),
    fields,
    field: (name) => [fields.get(name) ?? []].flat().at(-1),
    async commit() {
      if (state === 'undone') throw new FingerpostError('FP_UPLOAD', 'The form was rolled back.')
      if (state === 'committed') return
      state = 'committed'
      try {
        await commitAll(uploads.map(({ staged }) => staged))
      } catch (error) {
        await rollBack(uploads)
        throw error
      }
    },
    async rollback() {
      if (state !== 'open') return
      state = 'undone'
      await rollBack(uploads)
    },
  }
}

async function rollBack(uploads: readonly PendingUpload[]): Promise<void> {
  await Promise.all(uploads.map((upload) => upload.rollback()))
}

function receiveFile(
  part: UploadPart,
  allowed: FormOptions['files'],
  before: readonly PendingUpload[],
  limits: UploadLimits,
  context: UploadContext<FastifyRequest>,
): Promise<PendingUpload> {
  const { fieldname } = part
  const options = Object.hasOwn(allowed, fieldname) ? allowed[fieldname] : undefined
  if (options === undefined) throw refused(`The form has no field ${JSON.stringify(fieldname)} for files.`)
  const ofField = before.filter(({ saved }) => saved.field === fieldname).length
  const maxFiles = options.maxFiles ?? 1
  if (ofField >= maxFiles) throw tooMany(`The field ${fieldname} has more than ${maxFiles} files.`)
  if (before.length >= limits.maxFiles) throw tooMany(`The form has more than ${limits.maxFiles} files.`)
  const left = limits.maxRequestBytes - before.reduce((sum, { saved }) => sum + saved.size, 0)
  const maxBytes = options.maxBytes ?? limits.maxFileBytes
  if (maxBytes <= left) return receiveUpload(part, { ...options, maxBytes }, context)
  return receiveUpload(part, { ...options, maxBytes: left }, context).catch((error: unknown) => {
    throw isOverLimit(error) ? overLimit('The form', limits.maxRequestBytes, error) : error
  })
}

/** Before a byte of the body is read, if the client says how many there are. */
function refuseLarge({ headers }: FastifyRequest, limits: UploadLimits): void {
  const most = limits.maxRequestBytes + limits.maxFields * limits.maxFieldBytes
  if (Number(headers['content-length'] ?? 0) > most) throw overLimit('The form', most)
}

function addField(fields: Map<string, string | readonly string[]>, name: string, value: string): void {
  const before = fields.get(name)
  fields.set(name, before === undefined ? value : [before, value].flat())
}

function tooMany(message: string): FingerpostError {
  return new FingerpostError('FP_LIMIT', message, { statusCode: 413 })
}

function refused(message: string): FingerpostError {
  return new FingerpostError('FP_UPLOAD', message, { statusCode: 400 })
}
