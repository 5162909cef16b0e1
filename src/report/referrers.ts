import type { ManifestReference } from '../core/manifest/manifest.ts'
import type { LogicalPath } from '../core/path.ts'

/** A file and what it refers to. */
export interface ReferringFile {
  readonly path: LogicalPath
  readonly references: readonly ManifestReference[]
}

/**
 * By file, the files that refer to it, each with the kind of the reference, in the order of `files`. A source map names
 * its file but doesn't use it.
 */
export function referrersOf(
  files: Iterable<ReferringFile>,
): ReadonlyMap<LogicalPath, readonly ManifestReference[]> {
  const referrers = new Map<LogicalPath, ManifestReference[]>()
  for (const { path: from, references } of files) {
    for (const { path, kind } of references) {
      if (kind === 'source-map-file') continue
      const known = referrers.get(path) ?? []
      known.push({ path: from, kind })
      referrers.set(path, known)
    }
  }
  return referrers
}
