import { parseLogicalPath } from '../../core/path.ts'
import type { ObjectStore } from '../storage.ts'
import { createConnector } from './client.ts'
import { listObjects, sweepBucket } from './list.ts'
import { encodeKey, publicUrlOf, resolveS3Options, type S3Options } from './options.ts'
import { deleteObject, headObject, openObject } from './read.ts'
import { moveObject, saveObject } from './save.ts'
import { signObjectUrl, signPost } from './sign.ts'

/** Ahead of every server's clock: without an age everything is swept. */
const ONE_DAY_MS = 86_400_000

/** A bucket as a storage. */
export interface S3Storage extends ObjectStore {
  readonly bucket: string
  /** '' or the start of every key, with a slash at its end. */
  readonly prefix: string
}

/**
 * Keeps files in a bucket of Amazon S3 or of any compatible server. Needs `@aws-sdk/client-s3`; large files need
 * `@aws-sdk/lib-storage`, signed URLs `@aws-sdk/s3-request-presigner` and forms `@aws-sdk/s3-presigned-post`. Each is
 * loaded when it is first used.
 *
 * @throws FingerpostError `FP_CONFIG` for a wrong option; from then on `FP_STORAGE` if the server refuses or can't be
 * reached after all attempts
 */
export function createS3Storage(options: S3Options): S3Storage {
  const settings = resolveS3Options(options)
  const connect = createConnector(settings)
  const publicUrl = publicUrlOf(settings)
  return {
    name: settings.name,
    bucket: settings.bucket,
    prefix: settings.prefix,
    async save(key, content, saving = {}) {
      const path = parseLogicalPath(key)
      return saveObject(await connect(), path, content, saving)
    },
    async move(from, to, moving = {}) {
      const [source, target] = [parseLogicalPath(from), parseLogicalPath(to)]
      return moveObject(await connect(), source, target, moving)
    },
    async read(key) {
      const path = parseLogicalPath(key)
      const chunks: Uint8Array[] = []
      for await (const chunk of openObject(await connect(), path, undefined)) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    async *open(key, range) {
      const path = parseLogicalPath(key)
      yield* openObject(await connect(), path, range)
    },
    async stat(key) {
      const path = parseLogicalPath(key)
      return (await headObject(await connect(), path))?.file
    },
    async *list(prefix = '', after) {
      yield* listObjects(await connect(), prefix, after)
    },
    async delete(key) {
      const path = parseLogicalPath(key)
      return deleteObject(await connect(), path)
    },
    sweep: async (olderThan = new Date(Date.now() + ONE_DAY_MS), folder = '') =>
      sweepBucket(await connect(), olderThan, folder),
    url: (key) => publicUrl + encodeKey(parseLogicalPath(key)),
    async signedUrl(key, signing = {}) {
      const path = parseLogicalPath(key)
      return signObjectUrl(await connect(), path, signing)
    },
    async presignedPost(key, policy) {
      const path = parseLogicalPath(key)
      return signPost(await connect(), path, policy)
    },
  }
}
