import type { ManifestReference } from '../core/manifest/manifest.ts'
import type { LogicalPath } from '../core/path.ts'

/**
 * Answers for a logical path: from a manifest in production, live in development. Templates never know which.
 */
export interface Resolver {
  /** Where files appear to browsers, ending with a slash. */
  readonly url: string
  /**
   * The public URL of a name; a `?query#fragment` passes through.
   *
   * @throws FingerpostError `FP_UNKNOWN_NAME` with the nearest names
   */
  resolve(name: string): string
  /** `sha384-…` of the identity bytes. @throws FingerpostError `FP_UNKNOWN_NAME` */
  integrity(name: string): string
  /** Everything a tag says of a file; a `?query#fragment` is ignored. @throws FingerpostError `FP_UNKNOWN_NAME` */
  describe(name: string): ResolvedAsset
  /**
   * Whether a script is known to be an ES module: by its extension, by what it holds, or in a build because another
   * file imports it. A script of which nothing tells may be either, and counts as classic.
   *
   * @throws FingerpostError `FP_UNKNOWN_NAME`
   */
  isModule(name: string): boolean
}

/** What a page needs to know of a file. */
export interface ResolvedAsset {
  readonly path: LogicalPath
  /** The public URL, without suffix. */
  readonly url: string
  /** The whole value of Content-Type. */
  readonly type: string
  /** `sha384-…` of the identity bytes. */
  readonly integrity: string
  /** The files it names, once per kind, sorted by path, then kind. */
  readonly references: readonly ManifestReference[]
}
