import type { S3Storage } from '../storage/s3/s3.ts'
import type { Storage } from '../storage/storage.ts'

/** True for a storage that serves by itself and makes signed addresses. */
export function isObjectStore(storage: Storage): storage is S3Storage {
  return 'signedUrl' in storage && 'presignedPost' in storage
}
