import type { FastifyRequest } from 'fastify'
import { FingerpostError } from '../core/error.ts'
import { isObjectStore } from '../storage/storage.ts'
import type { MediaLinkOptions } from './links/address.ts'
import { createDirectUploads, type DirectUploads } from './links/direct.ts'
import type { LinkKey } from './links/link.ts'
import type { MediaStorage, UrlChoice } from './media-storage.ts'
import type { Quota, UploadLimits } from './options.ts'
import type { Intake } from './upload/intake.ts'
import { type SavedUpload, saveUpload, type UploadOptions, type UploadPart } from './upload/upload.ts'

/** How to save a part of a form. */
export interface MediaUploadOptions extends UploadOptions<FastifyRequest | undefined> {
  /** Handed to `uploadTo` and to the quota. */
  readonly request?: FastifyRequest
}

/** Visitors' files, as `app.media`. */
export interface Media {
  /** Names, sizes, listings, orphans: the storage with its checks. */
  readonly files: MediaStorage
  /** Stores one file of a form as it arrives. @throws FingerpostError, see `saveUpload`; nothing is left then */
  save(part: UploadPart, options: MediaUploadOptions): Promise<SavedUpload>
  /** Stores a new file and removes the old one, in this order: if the new one is refused, the old one stays. */
  replace(oldName: string | undefined, part: UploadPart, options: MediaUploadOptions): Promise<SavedUpload>
  /** Removes a file; one that isn't there is no error. */
  delete(name: string): Promise<void>
  /** The address of a file or of its variant: of the app, or of the CDN in front of it. */
  url(name: string, choice?: UrlChoice): string
  /**
   * An address with a signature that opens a private file until it expires, or takes its bytes (`method: 'PUT'`).
   *
   * @throws FingerpostError `FP_CONFIG` without keys, unless an object store signs
   */
  signedUrl(name: string, options?: MediaLinkOptions & UrlChoice): Promise<string>
  /** Uploads straight to the object store. @throws FingerpostError `FP_CONFIG` without one, or without keys */
  readonly direct: DirectUploads
}

/** What the plugin knows. */
export interface MediaParts {
  readonly files: MediaStorage
  readonly limits: UploadLimits
  readonly quota: Quota<FastifyRequest> | undefined
  readonly keys: readonly LinkKey[]
  readonly intake: Intake
  readonly now: () => number
}

/** Puts `app.media` together. */
export function createMedia(parts: MediaParts): Media {
  const { files, limits, intake } = parts
  const save = (part: UploadPart, options: MediaUploadOptions) => {
    const { request } = options
    const quota = quotaFor(parts.quota, request)
    const maxBytes = options.maxBytes ?? limits.maxFileBytes
    return intake.take(request?.raw, (wait) =>
      saveUpload(part, { ...options, maxBytes }, { files, request, quota, now: parts.now, wait }),
    )
  }
  return {
    files,
    save,
    async replace(oldName, part, options) {
      const saved = await save(part, options)
      if (oldName !== undefined && oldName !== saved.name) await files.delete(oldName)
      return saved
    },
    delete: (name) => files.delete(name),
    url: files.url,
    signedUrl: files.signedUrl,
    direct: directUploads(parts),
  }
}

/** A quota counts by request; an upload without one is the application's own. */
function quotaFor(
  quota: Quota<FastifyRequest> | undefined,
  request: FastifyRequest | undefined,
): Quota<FastifyRequest | undefined> | undefined {
  if (quota === undefined || request === undefined) return undefined
  return { reserve: (_, upload) => quota.reserve(request, upload) }
}

function directUploads(parts: MediaParts): DirectUploads {
  const { storage } = parts.files
  if (isObjectStore(storage)) return createDirectUploads({ ...parts, store: storage })
  const refuse = async (): Promise<never> => {
    throw new FingerpostError('FP_CONFIG', `Direct uploads need an object store, not ${storage.name}.`, {
      remedy: 'Let the upload go through the app: request.saveUploads().',
    })
  }
  return { create: refuse, complete: refuse }
}
