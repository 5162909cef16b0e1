import type { LogicalPath } from '../core/path.ts'
import type { Reference } from '../core/reference/reference.ts'

/** A folder to collect from, and where its files appear: `{ folder: '/srv/app/icons', prefix: 'vendor/icons/' }`. */
export interface SourceFolder {
  /** Absolute, real path. */
  readonly folder: string
  /** '' or a logical path with a trailing slash. */
  readonly prefix: string
}

/** What the filesystem says about a file; an edit changes some of it (law 4). */
export interface FileStat {
  /** Bytes. */
  readonly size: number
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly inode: bigint
}

/** One found file. Its bytes are read later. */
export interface SourceFile extends FileStat {
  readonly path: LogicalPath
  /** Where it is on disk; for a link, the link itself. */
  readonly absolutePath: string
  readonly source: SourceFolder
  /** The path before a transform gave it another extension. */
  readonly origin?: LogicalPath
}

/** A file that is left out because an earlier source has one of the same name. */
export interface Shadowed {
  readonly path: LogicalPath
  readonly winner: SourceFile
  readonly loser: SourceFile
}

/** A file or folder that is left out on purpose. */
export interface Skipped {
  /** The logical path it would have had. */
  readonly path: LogicalPath
  readonly absolutePath: string
  readonly reason: 'ignored' | 'link-outside'
}

/** The files of all sources. */
export interface Collection {
  /** Sorted by logical path. */
  readonly files: ReadonlyMap<LogicalPath, SourceFile>
  readonly shadowed: readonly Shadowed[]
  readonly skipped: readonly Skipped[]
  /** Present if modules may import npm packages. */
  readonly packages?: PackageLinks
}

/** The file that an import from a package loads. Otherwise the rest of a sentence about the specifier: what is wrong, and what to do. */
export type PackageTarget = { readonly path: LogicalPath } | { readonly refusal: string }

/** Follows module specifiers to the files of npm packages. */
export interface PackageLinks {
  /** Undefined for a reference that packages have nothing to do with. Its target may be the file the URL names anyway. */
  follow(from: LogicalPath, reference: Pick<Reference, 'kind' | 'specifier'>): PackageTarget | undefined
  /** Configured packages that nothing has imported so far. */
  unused(): readonly { readonly specifier: string; readonly target: PackageTarget }[]
  /** What was resolved so far: another text where a specifier leads elsewhere. */
  describe(): readonly string[]
  /** Resolves everything anew, after packages may have been installed. */
  refresh(): void
}

/** Lists the files of one source. */
export interface Finder {
  readonly source: SourceFolder
  /**
   * Every file of the source, and what can't be collected.
   *
   * @throws FingerpostError `FP_SOURCE` if the folder itself is missing or unreadable
   */
  list(): Promise<FinderListing>
  /**
   * One file, without listing the others; undefined if it is missing or ignored. Synchronous, because templates are.
   *
   * @throws FingerpostError `FP_FILE` if it exists but can't be collected
   */
  find(path: LogicalPath): SourceFile | undefined
}

export interface FinderListing {
  /** Sorted by logical path. */
  readonly files: readonly SourceFile[]
  readonly skipped: readonly Skipped[]
  /** {@link collect} throws if there are any. */
  readonly troubles: readonly FileTrouble[]
}

/** A file or folder that can't be collected. */
export interface FileTrouble {
  readonly absolutePath: string
  /** One phrase: `dangling link to ../gone.css`, `FIFO`, `unreadable (EACCES)`. */
  readonly fault: string
}
