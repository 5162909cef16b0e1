/** What to save: bytes in memory, or chunks that arrive over time (streams, `blob.stream()`, generators). */
export type Content = Uint8Array | AsyncIterable<Uint8Array>

/** A stored file as `stat` and `list` describe it. */
export interface StoredFile {
  /**
   * Its key: a posix path relative to the storage's root. A disk that ignores case or Unicode forms finds a file under
   * other names as well; this is the one that it has.
   */
  readonly key: string
  /** Bytes. */
  readonly size: number
  readonly modifiedAt: Date
  /**
   * Changes with the content under the key, even within one second and at the same size. Strong enough for an `ETag`
   * (RFC 9110 §8.8.3), whose characters it has, without the quotes: an object store's own, or file times and inode.
   */
  readonly validator: string
  /** Whether an object store has metadata of it that another program gave, and sends it with the bytes. */
  readonly hasForeignMetadata?: boolean
}

/** What a save or a move stored. */
export interface SavedFile {
  /** The key used: the one asked for, or an alternative. */
  readonly key: string
  /** Bytes. */
  readonly size: number
}

/** Part of a file: both ends included, counted from 0, as in HTTP (RFC 9110 §14.1.2). */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Response headers of a file in a storage that serves files itself. A folder and memory ignore them. */
export interface ObjectHeaders {
  readonly contentType?: string
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  /** Further facts kept with the file: names in lower case, values in printable ASCII. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** How to save. */
export interface SaveOptions {
  /** Replace an existing file. Without it a taken key is an error (`FP_EXISTS`). Default false. */
  readonly overwrite?: boolean
  /**
   * Keys to try in turn if the key is taken, in the same folder; undefined gives up. The content is read once, however
   * many keys are tried. Default: none.
   *
   * @param attempt 1 for the first alternative
   */
  readonly alternative?: (attempt: number) => string | undefined
  /** Ignored by storages that don't serve files themselves. */
  readonly headers?: ObjectHeaders
}

/** How to move. `headers` replace those the file was saved with; left out, those stay. */
export interface MoveOptions extends SaveOptions {
  /** Move only this content: if the file has been replaced since, the error is `FP_CHANGED`. Default: whatever is there. */
  readonly validator?: string
}

/** An open file: the part of a `node:fs/promises` FileHandle that is used. */
export interface OpenFile {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  close(): Promise<void>
}

/** What a signed URL permits. */
export interface SignedUrlOptions {
  /** Default one hour, at most seven days. */
  readonly expiresInSeconds?: number
  /** Default GET. */
  readonly method?: 'GET' | 'PUT'
  /** GET: the Content-Disposition of the response. Default: the stored one. */
  readonly disposition?: string
  /**
   * GET: the Content-Type of the response; default the stored one. PUT: the one the client must send; default
   * `application/octet-stream`.
   */
  readonly contentType?: string
  /** PUT: the exact number of bytes the client must send. Default: any. */
  readonly contentLength?: number
}

/** What a presigned form permits; the storage refuses everything else. */
export interface PostPolicy {
  readonly maxBytes: number
  /** Default 1: an empty file is refused. */
  readonly minBytes?: number
  /** The exact Content-Type of the file. */
  readonly contentType: string
  /** Default one hour, at most seven days. */
  readonly expiresInSeconds?: number
}

/** A form that uploads straight to the storage: all fields in this order, then the file as the field `file`. */
export interface PresignedPost {
  readonly url: string
  readonly fields: Readonly<Record<string, string>>
}

/**
 * Keeps bytes under keys. Builds and uploads use the same interface, so that a folder, memory and an object store are
 * interchangeable, and so is a storage of your own. One contract suite runs against every implementation.
 *
 * A key is a logical path (`core/path`); any other text is `FP_PATH`. A key holds its old content or its new content,
 * never half of one, at whatever moment the process dies.
 *
 * A temporary key (`temporaryKeyFor`) holds a file until it is moved to its place. `list` doesn't show it, and `sweep`
 * removes it once it is old.
 *
 * The optional methods belong to storages that serve files themselves; each may be there without the others.
 */
export interface Storage {
  /** Names the storage in messages: `folder /srv/static`, `memory`, `s3://bucket/prefix`. */
  readonly name: string
  /** Stores the whole content or nothing. */
  save(key: string, content: Content, options?: SaveOptions): Promise<SavedFile>
  /**
   * Gives a file another key in one step: a reader of the new key sees the file that was there or the moved one.
   *
   * @throws FingerpostError `FP_NOT_FOUND`, `FP_EXISTS` for a taken key, `FP_CHANGED`; the file stays where it was
   */
  move(from: string, to: string, options?: MoveOptions): Promise<SavedFile>
  /** All bytes of a file. @throws FingerpostError `FP_NOT_FOUND` */
  read(key: string): Promise<Buffer>
  /** The bytes of a file, or of a part of it, as they arrive. @throws FingerpostError `FP_NOT_FOUND` */
  open(key: string, range?: ByteRange): AsyncIterable<Uint8Array>
  /**
   * Opens a file for reads by position; the caller closes it. Optional: a storage without files on this machine has none.
   *
   * @param validator of the content that is wanted
   * @throws FingerpostError `FP_NOT_FOUND`, `FP_CHANGED` if the file has been replaced since
   */
  openFile?(key: string, validator: string): Promise<OpenFile>
  /** Undefined if there is no file under the key. */
  stat(key: string): Promise<StoredFile | undefined>
  /**
   * Every file whose key starts with the prefix, in key order. Default: all.
   *
   * @param after only keys after this one, to continue an earlier listing
   */
  list(prefix?: string, after?: string): AsyncIterable<StoredFile>
  /** Removes a file; a missing one is no error. */
  delete(key: string): Promise<void>
  /**
   * Removes what killed processes left: temporary files and unfinished uploads.
   *
   * @param olderThan younger ones may still be in use. Default: removes all, for when nothing else is running.
   * @param folder only below this folder, with its slash. Default '': everywhere.
   * @returns how many were removed
   */
  sweep(olderThan?: Date, folder?: string): Promise<number>
  /** The public URL of a file. */
  url?(key: string): string
  /** A URL that works without credentials until it expires. */
  signedUrl?(key: string, options?: SignedUrlOptions): Promise<string>
  /** A form by which a browser uploads straight to the storage. */
  presignedPost?(key: string, policy: PostPolicy): Promise<PresignedPost>
}

/** A storage that serves files itself and signs URLs, as object stores do. */
export type ObjectStore = Storage & Required<Pick<Storage, 'url' | 'signedUrl' | 'presignedPost'>>

/** True for a storage that has all the methods of an object store. */
export function isObjectStore(storage: Storage): storage is ObjectStore {
  const { url, signedUrl, presignedPost } = storage
  return url !== undefined && signedUrl !== undefined && presignedPost !== undefined
}
