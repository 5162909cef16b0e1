import type { LogicalPath } from '../core/path.ts'

/** A folder to collect from, and where its files appear: `{ folder: '/srv/app/icons', prefix: 'vendor/icons/' }`. */
export interface SourceFolder {
  /** Absolute, real path. */
  readonly folder: string
  /** '' or a logical path with a slash at its end. */
  readonly prefix: string
}

/** What a filesystem tells of a file: all of it together tells an edit (law 4). */
export interface FileStat {
  /** Bytes. */
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly inode: bigint
}

/** One found file. Its bytes are read later, by whoever needs them. */
export interface SourceFile extends FileStat {
  readonly path: LogicalPath
  /** Where it is on disk; for a link, the link itself. */
  readonly absolutePath: string
  readonly source: SourceFolder
}

/** A file that stays behind because a source asked earlier has its name. */
export interface Shadowed {
  readonly path: LogicalPath
  readonly winner: SourceFile
  readonly loser: SourceFile
}

/** A file or folder that is deliberately not collected. */
export interface Skipped {
  /** The logical path it would have had. */
  readonly path: LogicalPath
  readonly absolutePath: string
  readonly reason: 'ignored' | 'link-outside'
}

/** Everything the sources have, decided. */
export interface Collection {
  /** Sorted by logical path. */
  readonly files: ReadonlyMap<LogicalPath, SourceFile>
  readonly shadowed: readonly Shadowed[]
  readonly skipped: readonly Skipped[]
}

/** Lists and opens files. Finders are asked in order, first wins. */
export interface Finder {
  readonly source: SourceFolder
  /**
   * Everything the source has, and what it can't give.
   *
   * @throws FingerpostError `FP_SOURCE` if the folder itself is missing or unreadable
   */
  list(): Promise<FinderListing>
  /**
   * One file without listing the others; undefined if the source doesn't have it or ignores it. Synchronous, because
   * templates are.
   *
   * @throws FingerpostError `FP_FILE` if it is there and can't be collected
   */
  find(path: LogicalPath): SourceFile | undefined
}

/** What one finder has. */
export interface FinderListing {
  /** Sorted by logical path. */
  readonly files: readonly SourceFile[]
  readonly skipped: readonly Skipped[]
  /** Not empty: {@link collect} throws. */
  readonly troubles: readonly FileTrouble[]
}

/** A file or folder that ought to be collected and can't be. */
export interface FileTrouble {
  readonly absolutePath: string
  /** One phrase: `dangling link to ../gone.css`, `FIFO`, `unreadable (EACCES)`. */
  readonly fault: string
}
