import { parseLogicalPath } from '../../core/path.ts'
import type { ObjectStore } from '../storage.ts'
import { type Bucket, createConnector } from './client.ts'
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
  const at = async <T>(key: string, work: (bucket: Bucket, path: string) => Promise<T>) => {
    const path = parseLogicalPath(key)
    return work(await connect(), path)
  }
  return {
    name: settings.name,
    bucket: settings.bucket,
    prefix: settings.prefix,
    save: (key, content, saving = {}) => at(key, (bucket, path) => saveObject(bucket, path, content, saving)),
    move: (from, to, moving = {}) =>
      at(from, (bucket, path) => moveObject(bucket, path, parseLogicalPath(to), moving)),
    read: (key) =>
      at(key, async (bucket, path) => {
        const chunks: Uint8Array[] = []
        for await (const chunk of openObject(bucket, path, undefined)) chunks.push(chunk)
        return Buffer.concat(chunks)
      }),
    async *open(key, range) {
      yield* await at(key, async (bucket, path) => openObject(bucket, path, range))
    },
    stat: (key) => at(key, async (bucket, path) => (await headObject(bucket, path))?.file),
    async *list(prefix = '', after) {
      yield* listObjects(await connect(), prefix, after)
    },
    delete: (key) => at(key, deleteObject),
    sweep: async (olderThan = new Date(Date.now() + ONE_DAY_MS), folder = '') =>
      sweepBucket(await connect(), olderThan, folder),
    url: (key) => publicUrl + encodeKey(parseLogicalPath(key)),
    signedUrl: (key, signing = {}) => at(key, (bucket, path) => signObjectUrl(bucket, path, signing)),
    presignedPost: (key, policy) => at(key, (bucket, path) => signPost(bucket, path, policy)),
  }
}
