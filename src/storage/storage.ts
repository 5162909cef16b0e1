/** What is saved: bytes in memory, or pieces that arrive over time (streams, `blob.stream()`, generators). */
export type Content = Uint8Array | AsyncIterable<Uint8Array>

/** A stored file as `stat` and `list` tell of it. */
export interface StoredFile {
  /** The key it is under: a posix path relative to the storage's root. */
  readonly key: string
  /** Bytes. */
  readonly size: number
  readonly modifiedAt: Date
}

/** Part of a file: both ends included, counted from 0, as in HTTP (RFC 9110 §14.1.2). */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** How a storage that serves files by itself answers for one: an object store does, a folder and memory don't. */
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
  /** Replace what is there. Without it a taken key is an error (`FP_EXISTS`). Default false. */
  readonly overwrite?: boolean
  /**
   * Keys to try in turn where the key is taken, in the same folder; undefined gives up. The content is read once,
   * however many keys it takes. Default: none.
   *
   * @param attempt 1 for the first alternative
   */
  readonly alternative?: (attempt: number) => string | undefined
  /** Ignored by storages that serve nothing by themselves. */
  readonly headers?: ObjectHeaders
}

/**
 * Keeps bytes under keys. Builds and uploads go through it alike, so that the folder on disk, memory and an object
 * store can stand in for each other. One contract suite runs against every implementation.
 *
 * A key is a logical path (`core/path`); any other text is `FP_PATH`. Nothing is ever seen half-written: a key holds
 * its old content or its new content, whatever moment the process dies at.
 */
export interface Storage {
  /** Names the storage in messages: `folder /srv/static`, `memory`, `s3://bucket/prefix`. */
  readonly name: string
  /** Stores the whole content or nothing. */
  save(key: string, content: Content, options?: SaveOptions): Promise<StoredFile>
  /** All bytes of a file. @throws FingerpostError `FP_NOT_FOUND` */
  read(key: string): Promise<Buffer>
  /** The bytes of a file, or of a part of it, as they come. @throws FingerpostError `FP_NOT_FOUND` */
  open(key: string, range?: ByteRange): AsyncIterable<Uint8Array>
  stat(key: string): Promise<StoredFile | undefined>
  /**
   * Every file whose key starts with the prefix, in key order. Default: all.
   *
   * @param after only keys behind this one, to go on where an earlier listing ended
   */
  list(prefix?: string, after?: string): AsyncIterable<StoredFile>
  /** Removes a file; one that isn't there is no error. */
  delete(key: string): Promise<void>
  /**
   * Removes what killed processes left half-written, which no other method ever shows.
   *
   * @param olderThan what is younger may still be under way. Default: everything, for when nobody saves.
   * @param folder only below this folder, with its slash. Default '': everywhere.
   * @returns how many were removed
   */
  sweep(olderThan?: Date, folder?: string): Promise<number>
}
