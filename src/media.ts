export { safeName } from './media/content/name.ts'
export { formatDisposition } from './media/content/presentation.ts'
export type { MakeVariant, VariantOptions, Variants } from './media/content/variant.ts'
export type { OrphanOptions } from './media/inspect.ts'
export type { MediaLinkOptions } from './media/links/address.ts'
export type { DirectUpload, DirectUploadOptions, DirectUploads } from './media/links/direct.ts'
export {
  createLinkSigner,
  type LinkGrant,
  type LinkKey,
  type LinkSigner,
  type LinkVerdict,
} from './media/links/link.ts'
export type { Media, MediaUploadOptions } from './media/media.ts'
export {
  createMediaStorage,
  type MediaPage,
  type MediaStorage,
  type MediaStorageOptions,
  type PageOptions,
  type UrlChoice,
} from './media/media-storage.ts'
export type {
  MediaOptions,
  PrivateRequest,
  Quota,
  QuotaLease,
  QuotaRequest,
  SendOption,
  UploadLimits,
} from './media/options.ts'
export { media, media as default } from './media/plugin.ts'
export type { StagedFile } from './media/staged-file.ts'
export type { MediaSaveOptions } from './media/staging.ts'
export type { FormFileOptions, FormOptions, SavedForm } from './media/upload/form.ts'
export type { SavedUpload, UploadOptions, UploadPart } from './media/upload/upload.ts'
export type { UploadedName, UploadTo } from './media/upload/upload-to.ts'
export {
  createFilesystemStorage,
  type FilesystemOptions,
  type FilesystemStorage,
} from './storage/disk/filesystem.ts'
export { isTemporaryKey, temporaryKeyFor } from './storage/key.ts'
export { createMemoryStorage, type MemoryOptions } from './storage/memory.ts'
export type {
  ByteRange,
  Content,
  MoveOptions,
  ObjectHeaders,
  PostPolicy,
  PresignedPost,
  SavedFile,
  SaveOptions,
  SignedUrlOptions,
  Storage,
  StoredFile,
} from './storage/storage.ts'
