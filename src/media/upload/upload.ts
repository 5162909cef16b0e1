import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { bareMediaType } from '../../core/media-type.ts'
import { extensionOf } from '../../core/path.ts'
import { tooLarge } from '../content/content.ts'
import { claimedImageType, isOfType } from '../content/image.ts'
import { safeName } from '../content/name.ts'
import type { MediaStorage } from '../media-storage.ts'
import type { Quota, QuotaLease } from '../options.ts'
import { resolveUploadTo, type UploadTo } from './upload-to.ts'

/** A file of a form as @fastify/multipart hands it over; anything of this shape will do. */
export interface UploadPart {
  /** As the visitor's computer called it. */
  readonly filename: string
  /** The form field. */
  readonly fieldname: string
  /** The media type the browser claims. */
  readonly mimetype: string
  readonly file: AsyncIterable<Uint8Array> & { readonly truncated?: boolean; destroy?(): unknown }
}

/** What one upload may be, and where it goes. */
export interface UploadOptions<Request> {
  readonly uploadTo: UploadTo<Request>
  /** Extensions allowed, with their dots: `['.pdf', '.png']`. Default: all. */
  readonly extensions?: readonly string[]
  /** Media types allowed, judged by the extension: `['image/*', 'application/pdf']`. Default: all. */
  readonly types?: readonly string[]
  /** Bytes. Default: the limit of the plugin. */
  readonly maxBytes?: number
  /** Replace what has the name. Default false: the new file gets another name. */
  readonly overwrite?: boolean
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
}

/**
 * Stores one file of a form, as it arrives. Where anything goes wrong nothing is left of it.
 *
 * @throws FingerpostError `FP_UPLOAD` for a type that isn't allowed (415), an image that is none and a file that breaks
 * off (400), `FP_LIMIT` for too many bytes (413), `FP_PATH` for an unsafe name
 */
export async function saveUpload<Request>(
  part: UploadPart,
  options: UploadOptions<Request>,
  context: UploadContext<Request>,
): Promise<SavedUpload> {
  const upload = { field: part.fieldname, filename: safeName(part.filename), claimedType: part.mimetype }
  let lease: QuotaLease | undefined
  let stored: string | undefined
  try {
    checkType(upload.filename, options)
    const key = await resolveUploadTo(options.uploadTo, context.request, upload, new Date(context.now()))
    checkType(key, options)
    const limit = options.maxBytes ?? LIMITS.uploadMaxFileBytes
    lease = await context.quota?.reserve(context.request, { name: key, maxBytes: limit })
    const maxBytes = Math.min(limit, lease?.maxBytes ?? limit)
    const count = { bytes: 0 }
    const { overwrite = false } = options
    stored = await context.files.save(key, received(part, count), { maxBytes, overwrite })
    await lease?.commit(count.bytes)
    return { name: stored, field: upload.field, filename: upload.filename, size: count.bytes }
  } catch (error) {
    part.file.destroy?.()
    if (stored !== undefined) await context.files.delete(stored)
    await lease?.rollback()
    throw error
  }
}

/** Counts what arrives; a source that fails or was cut short by the parser is the client's fault. */
async function* received(part: UploadPart, count: { bytes: number }): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of part.file) {
      count.bytes += piece.length
      yield piece
    }
  } catch (cause) {
    throw brokenUpload(`${JSON.stringify(safeName(part.filename))} broke off`, cause)
  }
  // By a limit of the parser's that is lower than ours: what arrived is what it allows.
  if (part.file.truncated === true) throw tooLarge('The file', count.bytes)
}

/** The error for a request that can't be read to its end. */
export function brokenUpload(fault: string, cause: unknown): FingerpostError {
  return new FingerpostError('FP_UPLOAD', `The upload can't be used: ${fault}.`, { statusCode: 400, cause })
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
