import type { FastifyRequest } from 'fastify'
import { FingerpostError } from '../core/error.ts'
import { asAnything, parseOptions } from '../core/option.ts'
import { isObjectStore } from '../storage/storage.ts'
import { createDirectUploads, type DirectUploads } from './links/direct.ts'
import type { LinkKey } from './links/link.ts'
import type { MediaStorage } from './media-storage.ts'
import type { Quota, UploadLimits } from './options.ts'
import type { Intake } from './upload/intake.ts'
import {
  type SavedUpload,
  saveUpload,
  UPLOAD_TABLE,
  type UploadOptions,
  type UploadPart,
} from './upload/upload.ts'

/** How to save a part of a form. */
export interface MediaUploadOptions extends UploadOptions<FastifyRequest | undefined> {
  /** Handed to `uploadTo` and to the quota. */
  readonly request?: FastifyRequest
}

/** Visitors' files, as `app.media`. */
export interface Media extends Pick<MediaStorage, 'delete' | 'url' | 'signedUrl'> {
  /** Names, sizes, listings, orphans: the storage with its checks. */
  readonly files: MediaStorage
  /** Stores one file of a form as it arrives. @throws FingerpostError, see `saveUpload`; nothing is left then */
  save(part: UploadPart, options: MediaUploadOptions): Promise<SavedUpload>
  /** Stores a new file and removes the old one, in this order: if the new one is refused, the old one stays. */
  replace(oldName: string | undefined, part: UploadPart, options: MediaUploadOptions): Promise<SavedUpload>
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
  const save = async (part: UploadPart, options: MediaUploadOptions) => {
    parseOptions(options, { ...UPLOAD_TABLE, request: asAnything }, "save's options")
    const { request, maxBytes = limits.maxFileBytes } = options
    // A quota counts by request; an upload without one is the application's own.
    const quota = request && parts.quota
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
