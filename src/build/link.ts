import type { Insertion } from '../core/edit.ts'
import { nearestNames } from '../core/nearest.ts'
import type { LogicalPath } from '../core/path.ts'
import type { Problem } from '../core/problem.ts'
import type { ReferenceKind } from '../core/reference.ts'
import { type Destination, followSpecifier } from '../core/specifier.ts'
import type { Collection } from '../find/finder.ts'
import type { BuildConfig } from './options.ts'
import type { FileScans, PlacedReference } from './scan-files.ts'

/** A reference that leads to another file of the build. */
export interface Link {
  readonly kind: ReferenceKind
  /** UTF-16 offset where the digest goes. */
  readonly at: number
  readonly target: LogicalPath
  /** What the author left out and the file name has: '', `.js`, `/index.js`. */
  readonly addition: string
}

/** All links of a build, and what is wrong with the rest. */
export interface Links {
  /** By file, in order of offset; files without links are not in it. */
  readonly links: ReadonlyMap<LogicalPath, readonly Link[]>
  readonly problems: readonly Problem[]
}

/** What {@link linkReferences} looks at. */
export interface LinkInput {
  readonly scans: FileScans
  readonly collection: Collection
  readonly config: BuildConfig
}

/** Follows every reference of the build to its file. */
export function linkReferences({ scans, collection, config }: LinkInput): Links {
  const links = new Map<LogicalPath, readonly Link[]>()
  const problems: Problem[] = []
  for (const [path, scan] of scans) {
    const own: Link[] = []
    for (const reference of scan.references) {
      const destination = followSpecifier(reference.kind, reference.specifier, path, config.url)
      if (destination.kind === 'external') continue
      const target = destination.path
      if (collection.files.has(target)) {
        own.push({ kind: reference.kind, at: reference.digestAt, target, addition: '' })
      } else problems.push(missing(path, reference, destination, { collection, config }))
    }
    if (own.length > 0) links.set(path, own)
  }
  return { links, problems }
}

/** The text that turns a reference into one to the hashed name. */
export function insertionFor({ at, addition }: Link, digest: string): Insertion {
  const dot = addition.lastIndexOf('.')
  const split = dot === -1 ? addition.length : dot
  return { at, text: `${addition.slice(0, split)}.${digest}${addition.slice(split)}` }
}

function missing(
  file: LogicalPath,
  reference: PlacedReference,
  destination: Exclude<Destination, { kind: 'external' }>,
  { collection, config }: Pick<LinkInput, 'collection' | 'config'>,
): Problem {
  const isMap = reference.kind === 'source-map' || reference.kind === 'source-map-file'
  const where =
    destination.kind === 'outside'
      ? 'climbs out of every source'
      : `leads to ${destination.path}, which no source has`
  return {
    code: isMap ? 'source-map-missing' : destination.kind === 'outside' ? 'outside' : 'missing',
    severity: isMap || config.references.onMissing === 'warn' ? 'warning' : 'error',
    file,
    line: reference.line,
    column: reference.column,
    written: reference.written,
    target: destination.path,
    message: `${reference.written} ${where}.`,
    nearest: nearestNames(destination.path, collection.files.keys()),
  }
}
