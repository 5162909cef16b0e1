import type { FastifyRequest } from 'fastify'
import { LIMITS } from '../core/limit.ts'
import {
  asAnything,
  asCount,
  asFlag,
  asFunction,
  asListOf,
  asOneOf,
  asRecord,
  asText,
  type OptionParser,
  type OptionTable,
  parseOptions,
  wrongShape,
} from '../core/option.ts'
import type { Storage } from '../storage/storage.ts'
import type { LinkKey, LinkVerdict } from './links/link.ts'

/** What one request may bring. */
export interface UploadLimits {
  /** Bytes of one file. Default 10 MiB. */
  readonly maxFileBytes: number
  /** Bytes of all files together. Default 50 MiB. */
  readonly maxRequestBytes: number
  /** Files in one request. Default 10. */
  readonly maxFiles: number
  /** Fields that are no files. Default 100. */
  readonly maxFields: number
  /** Files and fields together. Default 110. */
  readonly maxParts: number
  /** Bytes of one field that is no file. Default 64 KiB. */
  readonly maxFieldBytes: number
}

/** Who sends the bytes once it is decided that they may be sent. */
export type SendOption =
  /** This process. */
  | 'app'
  /** nginx, by X-Accel-Redirect below this internal location: `{ accel: '/internal-media/' }`. */
  | { readonly accel: string }
  /** The object store, by a redirect to a signed address that lives for a minute. */
  | 'redirect'

/** A request for a private file. */
export interface PrivateRequest {
  readonly name: string
  /** What became of the link's signature. */
  readonly link: LinkVerdict
}

/** Options of the media plugin. */
export interface MediaOptions {
  /** Where files are kept: a folder, memory, a bucket. */
  readonly storage: Storage
  /** Where files appear to browsers: a path, or an address with a path (a CDN in front). Default `/media/`. */
  readonly url?: string
  /** What one request may bring. */
  readonly limits?: Partial<UploadLimits>
  /** Which files are private: all, those below these prefixes, or as a function says. Default none. */
  readonly private?: boolean | readonly string[] | ((name: string) => boolean)
  /** Decides about each request for a private file. Default: a valid link is needed. */
  readonly authorize?: (request: FastifyRequest, file: PrivateRequest) => boolean | Promise<boolean>
  /** Keys of signed links; the first signs, all verify. */
  readonly keys?: readonly LinkKey[]
  /** Who sends the bytes of a file. Default `app`: this process. */
  readonly send?: SendOption
  /** Show SVG instead of offering it for download. Default false. */
  readonly inlineSvg?: boolean
  /** Which sites may embed the files. Default `same-origin`. */
  readonly crossOriginResourcePolicy?: 'same-origin' | 'same-site' | 'cross-origin'
  /** Decides how much a user may keep. Default: no quota. */
  readonly quota?: Quota<FastifyRequest>
  /** The static files' address and folder, if not served by fingerpost in the same app: for the start-up checks. */
  readonly static?: { readonly url: string; readonly root?: string }
  /** Whether mistakes that only hurt in production are refused. Default: NODE_ENV is `production`. */
  readonly production?: boolean
  /** Milliseconds since 1970. Default: the system's. */
  readonly now?: () => number
}

/** What an upload asks room for. */
export interface QuotaRequest {
  /** The name asked for; a suffix may be added. */
  readonly name: string
  /** Bytes it may have at most. */
  readonly maxBytes: number
}

/** Room kept for one upload, to be used or given back. Exactly one of the two is called. */
export interface QuotaLease {
  /** Bytes that are left for it; more than this ends the upload with 413. */
  readonly maxBytes: number
  /** The upload is stored. An error thrown here removes it again. @param bytes its size */
  commit(bytes: number): void | Promise<void>
  /** Nothing was stored. */
  rollback(): void | Promise<void>
}

/** Keeps count of who may store how much; the application knows, fingerpost asks. */
export interface Quota<Request> {
  /** Keeps room before the first byte is read. Throw to refuse: with `statusCode: 413` for "no room". */
  reserve(request: Request, upload: QuotaRequest): QuotaLease | Promise<QuotaLease>
}

/** The defaults of {@link UploadLimits}. */
export const UPLOAD_LIMITS: UploadLimits = {
  maxFileBytes: LIMITS.uploadMaxFileBytes,
  maxRequestBytes: LIMITS.uploadMaxRequestBytes,
  maxFiles: LIMITS.uploadMaxFiles,
  maxFields: LIMITS.uploadMaxFields,
  maxParts: LIMITS.uploadMaxParts,
  maxFieldBytes: LIMITS.uploadMaxFieldBytes,
}

/**
 * Reads the plugin's options, which JavaScript may have written.
 *
 * @throws FingerpostError `FP_CONFIG` naming the option
 */
export function parseMediaOptions(given: MediaOptions): MediaOptions {
  const where = "the media plugin's options"
  // Fastify hands a plugin its own options among those it was registered with.
  const { logLevel: _level, logSerializers: _serializers, ...own } = asRecord(given, where)
  const options = parseOptions<MediaOptions>(own, TABLE, where)
  return { ...options, storage: checkStorage(options.storage) }
}

/** @throws FingerpostError `FP_CONFIG` for anything that keeps no files */
export function checkStorage(value: unknown): Storage {
  if (typeof value === 'object' && value !== null && 'save' in value && 'open' in value)
    return value as Storage
  throw wrongShape(value, 'storage', "a storage, such as createFilesystemStorage({ root: 'media' })")
}

const asPrivate: OptionParser<Required<MediaOptions>['private']> = (value, where) => {
  if (typeof value === 'boolean') return value
  if (typeof value === 'function') return value as (name: string) => boolean
  if (Array.isArray(value)) return asListOf(asText)(value, where)
  throw wrongShape(value, where, 'true, false, a list of prefixes or a function')
}

const asSend: OptionParser<SendOption> = (value, where) => {
  if (value === 'app' || value === 'redirect') return value
  if (typeof value !== 'object')
    throw wrongShape(value, where, "'app', 'redirect' or { accel: '/internal/' }")
  const { accel } = parseOptions<{ accel: string }>(value, { accel: asText }, where)
  if (accel === undefined) throw wrongShape(value, where, "{ accel: '/internal/' }")
  return { accel }
}

const asStatic: OptionParser<Required<MediaOptions>['static']> = (value, where) => {
  const { url, root } = parseOptions<{ url: string; root: string }>(
    value,
    { url: asText, root: asText },
    where,
  )
  if (url === undefined) throw wrongShape(value, where, "{ url: '/static/', root: 'staticfiles' }")
  return root === undefined ? { url } : { url, root }
}

const LIMIT_TABLE: OptionTable<UploadLimits> = {
  maxFileBytes: asCount,
  maxRequestBytes: asCount,
  maxFiles: asCount,
  maxFields: asCount,
  maxParts: asCount,
  maxFieldBytes: asCount,
}

const TABLE: OptionTable<MediaOptions> = {
  // Checked whether it is given or not.
  storage: asAnything,
  url: asText,
  limits: (value, where) => parseOptions<UploadLimits>(value, LIMIT_TABLE, where),
  private: asPrivate,
  authorize: asFunction,
  // Checked where links are signed, by who keeps secrets out of messages.
  keys: asAnything,
  send: asSend,
  inlineSvg: asFlag,
  crossOriginResourcePolicy: asOneOf('same-origin', 'same-site', 'cross-origin'),
  quota: asAnything,
  static: asStatic,
  production: asFlag,
  now: asFunction,
}
