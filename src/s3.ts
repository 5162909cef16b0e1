export type { S3Credentials, S3Options } from './storage/s3/options.ts'
export { createS3Storage, type S3Storage } from './storage/s3/s3.ts'
export type { PostPolicy, PresignedPost, SignedUrlOptions } from './storage/s3/sign.ts'
export type {
  ByteRange,
  Content,
  ObjectHeaders,
  SaveOptions,
  Storage,
  StoredFile,
} from './storage/storage.ts'
