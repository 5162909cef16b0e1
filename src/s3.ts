export type { S3ClientLike, S3Credentials, S3Options } from './storage/s3/options.ts'
export { createS3Storage, type S3Storage } from './storage/s3/s3.ts'
export type {
  ByteRange,
  Content,
  MoveOptions,
  ObjectHeaders,
  ObjectStore,
  PostPolicy,
  PresignedPost,
  SavedFile,
  SaveOptions,
  SignedUrlOptions,
  Storage,
  StoredFile,
} from './storage/storage.ts'
