import type { FastifyRequest, RouteOptions } from 'fastify'
import { LIMITS } from '../core/limit.ts'
import {
  asCount,
  asCountWithin,
  asFlag,
  asFunction,
  asListOf,
  asOneOf,
  asRecord,
  asText,
  type Completed,
  completeOptions,
  type OptionParser,
  type OptionTable,
  parseOptions,
  wrongShape,
} from '../core/option.ts'
import type { Storage } from '../storage/storage.ts'
import { asInline } from './content/presentation.ts'
import { asVariants, type Variants } from './content/variant.ts'
import type { LinkKey, LinkVerdict } from './links/link.ts'

/** Limits of uploads. */
export interface UploadLimits {
  /** Bytes of one file. Default 10 MiB. */
  readonly maxFileBytes: number
  /** Bytes of all files of a request together. Default 50 MiB. */
  readonly maxRequestBytes: number
  /** Files in one request. Default 10. */
  readonly maxFiles: number
  /** Fields in one request, files not counted. Default 100. */
  readonly maxFields: number
  /** Files and fields together. Default 110. */
  readonly maxParts: number
  /** Bytes of one field that isn't a file. Default 64 KiB. */
  readonly maxFieldBytes: number
  /** Uploads in progress in this process; further ones get 503. Default 100. */
  readonly maxActive: number
  /**
   * Bytes that an upload brings per second on average, at least, after its first `stallSeconds`; a slower one gets 408.
   * Only time that the client is waited for counts. Default 500; 0 is no limit.
   */
  readonly minBytesPerSecond: number
}

/** Who sends the bytes once the app has decided that they may be sent. */
export type SendOption =
  /** This process. */
  | 'app'
  /** nginx, by X-Accel-Redirect below this internal location: `{ accel: '/internal-media/' }`. */
  | { readonly accel: string }
  /** The object store, by a redirect to a signed URL that expires after a minute. */
  | 'redirect'

/** A request for a private file. */
export interface PrivateRequest {
  readonly name: string
  /** Whether the link's signature is valid. */
  readonly link: LinkVerdict
}

/** Options of the media plugin. */
export interface MediaOptions {
  /** Where files are kept: a folder, memory, a bucket. */
  readonly storage: Storage
  /** Where browsers find the files: a path, or an address with a path (a CDN in front). Default `/media/`. */
  readonly url?: string
  /** Limits of uploads. */
  readonly limits?: Partial<UploadLimits>
  /**
   * Which files are private: all, those below these prefixes (`['invoices/']`), or those for which a function returns
   * true. Prefixes are compared without regard to case and Unicode form. Default none.
   */
  readonly private?: boolean | readonly string[] | ((name: string) => boolean)
  /** Decides about each request for a private file. Default: the link must be valid. */
  readonly authorize?: (request: FastifyRequest, file: PrivateRequest) => boolean | Promise<boolean>
  /** Keys of signed links; the first signs, all verify. */
  readonly keys?: readonly LinkKey[]
  /** Who sends the bytes of a file. Default `app`: this process. */
  readonly send?: SendOption
  /**
   * Types that a browser may show instead of saving: `image/*` (raster images), `image/svg+xml`, `application/pdf`,
   * `video/*`, `audio/*`, `text/plain`. Default `['image/*']`.
   */
  readonly inline?: readonly string[]
  /** Adds `image/svg+xml` to `inline`. Default false. */
  readonly inlineSvg?: boolean
  /**
   * Makes pictures in other sizes: `{ small: (picture) => sharp(picture).resize(200).toBuffer() }`. Each is stored beside
   * its picture, has the address `mediaUrl(name, { variant: 'small' })`, and is removed with the picture. Default none.
   */
  readonly variants?: Variants
  /** Which sites may embed the files. Default `same-origin`. */
  readonly crossOriginResourcePolicy?: 'same-origin' | 'same-site' | 'cross-origin'
  /** Seconds in which a client may neither send nor take a byte before its connection is closed. Default 60. */
  readonly stallSeconds?: number
  /** The log level of the route, as in `app.register`. Default: the app's. */
  readonly logLevel?: NonNullable<RouteOptions['logLevel']>
  /** Decides how much a user may store. Default: no quota. */
  readonly quota?: Quota<FastifyRequest>
  /** URL and folder of the static files, if fingerpost doesn't serve them in the same app: for the checks at start. */
  readonly static?: { readonly url: string; readonly root?: string }
  /** Whether to refuse settings that only hurt in production. Default: NODE_ENV is `production`. */
  readonly production?: boolean
  /** Milliseconds since 1970. Default: the system's. */
  readonly now?: () => number
}

/** What an upload asks of a quota. */
export interface QuotaRequest {
  /** The name asked for; a suffix may be added. */
  readonly name: string
  /** Bytes it may have at most. */
  readonly maxBytes: number
}

/** Bytes reserved for one upload. One of its functions is called at the end. */
export interface QuotaLease {
  /** Bytes that are left for it; more than this ends the upload with 413. */
  readonly maxBytes: number
  /** The upload is stored, and so are all others of its form. An error thrown here undoes the form. @param bytes its size */
  commit(bytes: number): void | Promise<void>
  /** Nothing is stored. After `commit` only if the form was undone later: give the bytes back. */
  rollback(): void | Promise<void>
}

/** Keeps count of who may store how much. */
export interface Quota<Request> {
  /** Reserves bytes before the first one is read. Throw to refuse, with `statusCode: 413` if there is no room. */
  reserve(request: Request, upload: QuotaRequest): QuotaLease | Promise<QuotaLease>
}

const LIMIT_TABLE = {
  maxFileBytes: { parse: asCount, default: LIMITS.uploadMaxFileBytes },
  maxRequestBytes: { parse: asCount, default: LIMITS.uploadMaxRequestBytes },
  maxFiles: { parse: asCount, default: LIMITS.uploadMaxFiles },
  maxFields: { parse: asCount, default: LIMITS.uploadMaxFields },
  maxParts: { parse: asCount, default: LIMITS.uploadMaxParts },
  maxFieldBytes: { parse: asCount, default: LIMITS.uploadMaxFieldBytes },
  maxActive: { parse: asCountWithin(1, Number.MAX_SAFE_INTEGER), default: LIMITS.uploadMaxActive },
  minBytesPerSecond: { parse: asCount, default: LIMITS.uploadMinBytesPerSecond },
} satisfies OptionTable<UploadLimits>

const asLimits: OptionParser<Partial<UploadLimits>> = (value, where) =>
  parseOptions<UploadLimits>(value, LIMIT_TABLE, where)

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
  const table = { url: asText, root: asText }
  const { url, root } = parseOptions<{ url: string; root: string }>(value, table, where)
  if (url === undefined) throw wrongShape(value, where, "{ url: '/static/', root: 'staticfiles' }")
  return root === undefined ? { url } : { url, root }
}

const asQuota: OptionParser<Quota<FastifyRequest>> = (value, where) => {
  const { reserve } = asRecord(value, where)
  if (typeof reserve === 'function') return value as Quota<FastifyRequest>
  throw wrongShape(value, where, 'an object with a function reserve(request, upload)')
}

/** @throws FingerpostError `FP_CONFIG` for anything that isn't a storage */
export const asStorage: OptionParser<Storage> = (value, where) => {
  if (typeof value === 'object' && value !== null && 'save' in value && 'open' in value)
    return value as Storage
  throw wrongShape(value, where, "a storage, such as createFilesystemStorage({ root: 'media' })")
}

const TABLE = {
  storage: asStorage,
  url: { parse: asText, default: '/media/' },
  limits: {
    parse: asLimits,
    default: {},
    complete: (given: Partial<UploadLimits>, cwd: string) => completeOptions(given, LIMIT_TABLE, cwd),
  },
  private: { parse: asPrivate, default: false },
  authorize: asFunction<Required<MediaOptions>['authorize']>,
  // Checked by the signer, which keeps secrets out of messages.
  keys: (value: unknown) => value as readonly LinkKey[],
  send: { parse: asSend, default: 'app' as SendOption },
  inline: { parse: asInline, default: ['image/*'] as readonly string[] },
  inlineSvg: { parse: asFlag, default: false },
  variants: { parse: asVariants, default: {} as Variants },
  crossOriginResourcePolicy: {
    parse: asOneOf('same-origin', 'same-site', 'cross-origin'),
    default: 'same-origin',
  },
  stallSeconds: {
    parse: asCountWithin(1, Math.floor(LIMITS.timerMaxMs / 1000)),
    default: LIMITS.stallSeconds,
  },
  logLevel: asText as OptionParser<NonNullable<RouteOptions['logLevel']>>,
  quota: asQuota,
  static: asStatic,
  production: { parse: asFlag, complete: (value: boolean) => value },
  now: { parse: asFunction<() => number>, default: Date.now },
} satisfies OptionTable<MediaOptions>

/** The plugin's options, complete. */
export interface MediaConfig extends Completed<typeof TABLE> {
  readonly storage: Storage
}

/**
 * Checks the plugin's options and fills in the defaults.
 *
 * @throws FingerpostError `FP_CONFIG` naming the option
 */
export function resolveMediaOptions(given: MediaOptions): MediaConfig {
  const where = "the media plugin's options"
  // Fastify adds its own to the options that the plugin was registered with.
  const { logSerializers: _serializers, ...own } = asRecord(given, where)
  const options = parseOptions<MediaOptions>(own, TABLE, where)
  return { ...completeOptions(options, TABLE, process.cwd()), storage: asStorage(options.storage, 'storage') }
}
