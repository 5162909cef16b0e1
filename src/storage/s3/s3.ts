import { encodePath, parseLogicalPath } from '../../core/path.ts'
import type { Content, SaveOptions, Storage } from '../storage.ts'
import { createConnector, type S3Connection } from './client.ts'
import { describeS3Fault, isS3Fault } from './fault.ts'
import { listObjects } from './list.ts'
import { publicUrlOf, resolveS3Options, type S3Options, type S3Settings } from './options.ts'
import { openObject, statObject } from './read.ts'
import { saveObject } from './save.ts'
import {
  type PostPolicy,
  type PresignedPost,
  type SignedUrlOptions,
  signObjectUrl,
  signPost,
} from './sign.ts'
import { sweepBucket } from './sweep.ts'

/** Ahead of every server's clock: without an age everything is swept. */
const ONE_DAY_MS = 86_400_000

/** A bucket as a storage: what else it can do that a folder can't. */
export interface S3Storage extends Storage {
  readonly bucket: string
  /** '' or what stands before every key, with a slash at its end. */
  readonly prefix: string
  /** The address of a file everybody may read. */
  url(key: string): string
  /** An address that works without credentials until it expires. */
  signedUrl(key: string, options?: SignedUrlOptions): Promise<string>
  /** A form by which a browser uploads straight to the bucket. */
  presignedPost(key: string, policy: PostPolicy): Promise<PresignedPost>
  /** Stores without asking the server for the date afterwards: one request instead of two. Gives the key used. */
  put(key: string, content: Content, options?: SaveOptions): Promise<string>
}

/**
 * Keeps files in a bucket of Amazon S3 or of any server that speaks its language. Needs `@aws-sdk/client-s3`, and
 * `@aws-sdk/s3-request-presigner` or `@aws-sdk/s3-presigned-post` for signed addresses and forms; each is loaded when
 * it is first needed.
 *
 * @throws FingerpostError `FP_STORAGE` where the server refuses or can't be reached after all attempts
 */
export function createS3Storage(options: S3Options): S3Storage {
  const settings = resolveS3Options(options)
  const connect = createConnector(settings)
  const publicUrl = publicUrlOf(settings)
  const put = async (key: string, content: Content, saveOptions: SaveOptions = {}) => {
    const path = parseLogicalPath(key)
    const connection = await connect()
    return saveObject(connection, settings, path, content, saveOptions).catch((error: unknown) => {
      throw isS3Fault(error) ? describeS3Fault(error, { storage: settings.name, key, doing: 'save' }) : error
    })
  }
  const stat = async (key: string) => {
    const path = parseLogicalPath(key)
    return statObject(await connect(), settings, path)
  }

  return {
    name: settings.name,
    bucket: settings.bucket,
    prefix: settings.prefix,
    put,
    async save(key, content, saveOptions) {
      const used = await put(key, content, saveOptions)
      const stored = await stat(used)
      // Deleted in this very moment: it was stored nevertheless.
      return stored ?? { key: used, size: 0, modifiedAt: new Date(0) }
    },
    async read(key) {
      const path = parseLogicalPath(key)
      const pieces: Uint8Array[] = []
      for await (const piece of openObject(await connect(), settings, path, undefined)) pieces.push(piece)
      return Buffer.concat(pieces)
    },
    async *open(key, range) {
      const path = parseLogicalPath(key)
      yield* openObject(await connect(), settings, path, range)
    },
    stat,
    async *list(prefix = '', after) {
      yield* listObjects(await connect(), settings, prefix, after)
    },
    delete: async (key) => deleteObject(await connect(), settings, parseLogicalPath(key)),
    sweep: async (olderThan = new Date(Date.now() + ONE_DAY_MS), folder = '') =>
      sweepBucket(await connect(), { ...settings, prefix: settings.prefix + folder }, olderThan),
    url: (key) => publicUrl + encodePath(parseLogicalPath(key)),
    async signedUrl(key, signing = {}) {
      const path = parseLogicalPath(key)
      return signObjectUrl(await connect(), settings, path, signing)
    },
    async presignedPost(key, policy) {
      const path = parseLogicalPath(key)
      return signPost(await connect(), settings, path, policy)
    },
  }
}

async function deleteObject({ sdk, client }: S3Connection, settings: S3Settings, key: string): Promise<void> {
  try {
    await client.send(new sdk.DeleteObjectCommand({ Bucket: settings.bucket, Key: settings.prefix + key }))
  } catch (error) {
    throw describeS3Fault(error, { storage: settings.name, key, doing: 'delete' })
  }
}
