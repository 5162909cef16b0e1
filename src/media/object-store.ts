import { bareMediaType } from '../core/media-type.ts'
import type { S3Storage } from '../storage/s3/s3.ts'
import type { Storage } from '../storage/storage.ts'

/** True for a storage that serves by itself and makes signed addresses. */
export function isObjectStore(storage: Storage): storage is S3Storage {
  return 'signedUrl' in storage && 'presignedPost' in storage
}

/**
 * The Content-Type of what a browser puts there by itself: the store would serve a page as a page, so whatever isn't a
 * picture of pixels has no type.
 */
export function storedTypeOf(name: string): string {
  const type = bareMediaType(name)
  return type.startsWith('image/') && type !== 'image/svg+xml' ? type : 'application/octet-stream'
}
