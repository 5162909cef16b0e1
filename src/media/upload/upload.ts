import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { bareMediaType } from '../../core/media-type.ts'
import { asAnything, asCount, asFlag, asListOf, asText, type OptionTable } from '../../core/option.ts'
import { extensionOf } from '../../core/path.ts'
import { isOverLimit, overLimit } from '../content/content.ts'
import { claimedImageType, isOfType } from '../content/image.ts'
import { safeName } from '../content/name.ts'
import type { MediaStorage } from '../media-storage.ts'
import type { Quota, QuotaLease } from '../options.ts'
import { commitAll, type StagedFile } from '../staged-file.ts'
import type { Wait } from './intake.ts'
import { resolveUploadTo, type UploadTo } from './upload-to.ts'

/** A file of a form as @fastify/multipart hands it over; anything of this shape will do. */
export interface UploadPart {
  /** As the visitor's computer called it. */
  readonly filename: string
  /** The form field. */
  readonly fieldname: string
  /** The media type the browser claims. */
  readonly mimetype: string
  /** The part's transfer encoding; one that changes the bytes is refused. Default `7bit`. */
  readonly encoding?: string
  readonly file: AsyncIterable<Uint8Array> & {
    readonly truncated?: boolean
    readonly readableEnded?: boolean
    destroy?(): unknown
  }
  /** All bytes, if something has read `file` before. */
  toBuffer?(): Promise<Uint8Array>
}

/** What one upload may be, and where it goes. */
export interface UploadOptions<Request> {
  readonly uploadTo: UploadTo<Request>
  /** Allowed extensions, with their dots: `['.pdf', '.png']`. Default: all. */
  readonly extensions?: readonly string[]
  /** Allowed media types, judged by the extension: `['image/*', 'application/pdf']`. Default: all. */
  readonly types?: readonly string[]
  /** Bytes. Default: the limit of the plugin. */
  readonly maxBytes?: number
  /** Replace a file of the same name. Default false: the new file gets another name. */
  readonly overwrite?: boolean
}

export const UPLOAD_TABLE: OptionTable<UploadOptions<never>> = {
  uploadTo: asAnything,
  extensions: asListOf(asText),
  types: asListOf(asText),
  maxBytes: asCount,
  overwrite: asFlag,
}

/** A stored upload. Keep the name; make the URL when it is needed. */
export interface SavedUpload {
  /** The name in the storage. */
  readonly name: string
  /** The form field. */
  readonly field: string
  /** What the visitor called it, made safe: for showing, not for storing. */
  readonly filename: string
  /** Bytes. */
  readonly size: number
}

/** What an upload needs besides its bytes. */
export interface UploadContext<Request> {
  readonly files: MediaStorage
  readonly request: Request
  readonly quota: Quota<Request> | undefined
  readonly now: () => number
  /** Waits for the client's next bytes. */
  readonly wait: Wait
}

/** An upload whose bytes have arrived. Until it is committed it replaces nothing. */
export interface PendingUpload {
  readonly saved: SavedUpload
  /** What is to be committed. */
  readonly staged: StagedFile
  /** Tells the quota that the upload counts. */
  confirm(): Promise<void>
  /** Removes it; the quota gets its bytes back. A file that it would have replaced stays. */
  rollback(): Promise<void>
}

/**
 * Stores one file of a form, as it arrives. Nothing is left of it if anything goes wrong.
 *
 * @throws FingerpostError `FP_UPLOAD` for a type that isn't allowed (415), a false image and a file that breaks off
 * (400), `FP_LIMIT` for too many bytes (413), `FP_PATH` for an unsafe name
 */
export async function saveUpload<Request>(
  part: UploadPart,
  options: UploadOptions<Request>,
  context: UploadContext<Request>,
): Promise<SavedUpload> {
  const upload = await receiveUpload(part, options, context)
  try {
    await upload.confirm()
    await commitAll([upload.staged])
    return upload.saved
  } catch (error) {
    await upload.rollback()
    throw error
  }
}

/** The first half of {@link saveUpload}: takes the bytes, and replaces nothing. */
export async function receiveUpload<Request>(
  part: UploadPart,
  options: UploadOptions<Request>,
  context: UploadContext<Request>,
): Promise<PendingUpload> {
  const upload = { field: part.fieldname, filename: safeName(part.filename), claimedType: part.mimetype }
  let lease: QuotaLease | undefined
  try {
    checkEncoding(part)
    checkType(upload.filename, options)
    const key = await resolveUploadTo(options.uploadTo, context.request, upload, new Date(context.now()))
    checkType(key, options)
    const limit = options.maxBytes ?? LIMITS.uploadMaxFileBytes
    lease = await context.quota?.reserve(context.request, { name: key, maxBytes: limit })
    const maxBytes = Math.min(limit, lease?.maxBytes ?? limit)
    const count = { bytes: 0 }
    const { overwrite = false } = options
    const content = received(part, count, context.wait)
    const staged = await context.files
      .stage(key, content, { maxBytes, overwrite })
      .catch((error: unknown) => {
        throw maxBytes < limit && isOverLimit(error) ? overQuota(maxBytes, error) : error
      })
    const saved = { name: staged.name, field: upload.field, filename: upload.filename, size: count.bytes }
    return pendingUpload(saved, staged, lease)
  } catch (error) {
    part.file.destroy?.()
    await lease?.rollback()
    throw error
  }
}

function pendingUpload(saved: SavedUpload, staged: StagedFile, lease: QuotaLease | undefined): PendingUpload {
  return {
    saved,
    staged,
    confirm: async () => lease?.commit(saved.size),
    async rollback() {
      // Both are tried: an error of the storage must not keep a visitor's quota.
      await Promise.allSettled([staged.discard(), (async () => lease?.rollback())()])
    },
  }
}

/** Counts what arrives; a source that fails or was cut short by the parser is the client's fault. */
async function* received(part: UploadPart, count: { bytes: number }, wait: Wait): AsyncGenerator<Uint8Array> {
  const pieces = (await piecesOf(part))[Symbol.asyncIterator]()
  let isOpen = true
  try {
    for (let next = await wait(pieces.next()); next.done !== true; next = await wait(pieces.next())) {
      count.bytes += next.value.length
      yield next.value
    }
  } catch (cause) {
    // A source that stalls would not answer return() either.
    isOpen = false
    part.file.destroy?.()
    if (cause instanceof FingerpostError) throw cause
    throw brokenUpload(`${JSON.stringify(safeName(part.filename))} broke off`, cause)
  } finally {
    if (isOpen) await pieces.return?.()
  }
  // The parser has a lower limit than ours, and cuts.
  if (part.file.truncated === true) throw overLimit(JSON.stringify(safeName(part.filename)), count.bytes)
}

/** What `attachFieldsToBody` of @fastify/multipart, or another reader, has read before is in a buffer. */
async function piecesOf(part: UploadPart): Promise<AsyncIterable<Uint8Array>> {
  const { file, toBuffer } = part
  if (file.readableEnded !== true || toBuffer === undefined) return file
  const bytes = await toBuffer.call(part)
  return (async function* () {
    yield bytes
  })()
}

/** The error for a request that can't be read to its end. */
export function brokenUpload(fault: string, cause: unknown): FingerpostError {
  return new FingerpostError('FP_UPLOAD', `The upload can't be used: ${fault}.`, { statusCode: 400, cause })
}

function overQuota(bytes: number, cause: unknown): FingerpostError {
  const message = `The file is too large: the quota leaves ${bytes} bytes.`
  return new FingerpostError('FP_LIMIT', message, { details: { maxBytes: bytes }, statusCode: 413, cause })
}

/** No browser encodes a part, and the parser doesn't decode it (RFC 7578 §4.7). */
export function checkEncoding({
  fieldname,
  encoding = '7bit',
}: Pick<UploadPart, 'fieldname' | 'encoding'>): void {
  if (/^(?:7bit|8bit|binary)$/i.test(encoding)) return
  const message = `The part ${JSON.stringify(fieldname)} has the transfer encoding ${JSON.stringify(encoding)}.`
  throw new FingerpostError('FP_UPLOAD', message, {
    remedy: 'Send its bytes as they are, without Content-Transfer-Encoding.',
    statusCode: 415,
  })
}

function checkType<Request>(name: string, { extensions, types }: UploadOptions<Request>): void {
  const extension = extensionOf(name)
  // An animated PNG is `image/apng` to some and `image/png` to others.
  const own = [bareMediaType(name), claimedImageType(name)].filter((type) => type !== undefined)
  const hasExtension = extensions?.some((allowed) => allowed.toLowerCase() === extension) ?? true
  const hasType = types?.some((pattern) => own.some((type) => isOfType(type, pattern))) ?? true
  if (hasExtension && hasType) return
  throw new FingerpostError('FP_UPLOAD', `Files such as ${JSON.stringify(name)} are not accepted here.`, {
    remedy: `Accepted: ${[...(extensions ?? []), ...(types ?? [])].join(', ')}`,
    details: { extension, type: own[0] },
    statusCode: 415,
  })
}
