import type { FastifyRequest } from 'fastify'
import { LIMITS } from '../core/limit.ts'
import type { Storage } from '../storage/storage.ts'
import type { LinkKey, LinkVerdict } from './links/link.ts'
import type { Quota } from './upload/quota.ts'

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

/** The defaults of {@link UploadLimits}. */
export const UPLOAD_LIMITS: UploadLimits = {
  maxFileBytes: LIMITS.uploadMaxFileBytes,
  maxRequestBytes: LIMITS.uploadMaxRequestBytes,
  maxFiles: LIMITS.uploadMaxFiles,
  maxFields: LIMITS.uploadMaxFields,
  maxParts: LIMITS.uploadMaxParts,
  maxFieldBytes: LIMITS.uploadMaxFieldBytes,
}
