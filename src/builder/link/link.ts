import type { ManifestReference } from '../../core/manifest/manifest.ts'
import { comparePaths, type LogicalPath } from '../../core/path.ts'
import { type Problem, sortProblems } from '../../core/reference/problem.ts'
import { isModuleKind, type ReferenceKind } from '../../core/reference/reference.ts'
import { followSpecifier } from '../../core/reference/specifier.ts'
import type { Insertion } from '../../core/reference/text.ts'
import type { Span } from '../../scan/scanner.ts'
import type { Collection } from '../../sources/finder.ts'
import type { FileScan, FileScans, PlacedReference } from '../read/scan-files.ts'
import type { BuildConfig } from '../settings/options.ts'
import { createAllowance } from './allow-missing.ts'
import { createExplainer } from './explain.ts'
import { findExtension } from './extensionless.ts'
import { createModuleUrls } from './module-url.ts'

/** A reference that leads to another file of the build. */
export interface Link {
  readonly kind: ReferenceKind
  /** UTF-16 offset where the digest goes. */
  readonly at: number
  readonly target: LogicalPath
  /** What the author left out and the file name has: '', `.js`, `/index.js`. */
  readonly addition: string
  /** `keep`: the text stays as it is — in prehashed files, and between modules under an import map. */
  readonly mode: 'rewrite' | 'keep'
}

/** All links of a build, and what is wrong with the rest. */
export interface Links {
  /** By file, in order of offset; files without links are not in it. */
  readonly links: ReadonlyMap<LogicalPath, readonly Link[]>
  /** In order of file and place. */
  readonly problems: readonly Problem[]
  /**
   * Under an import map: the URLs that modules ask for — their specifiers, resolved as a browser does — and the names
   * they stand for, suffix included. Empty otherwise.
   */
  readonly moduleUrls: ReadonlyMap<string, string>
  /** The URLs of source map comments that are to be taken out, by file; empty unless the option says so. */
  readonly strips: ReadonlyMap<LogicalPath, Span>
}

/** What {@link linkReferences} looks at. */
export interface LinkInput {
  readonly scans: FileScans
  readonly collection: Collection
  /** Files that keep their name and bytes. */
  readonly prehashed: ReadonlySet<LogicalPath>
  readonly config: Pick<
    BuildConfig,
    'url' | 'allowMissing' | 'onMissing' | 'modules' | 'extensionless' | 'missingSourceMaps'
  >
}

/** Follows every reference of the build to its file, and says of all others what is wrong with them. */
export function linkReferences({ scans, collection, prehashed, config }: LinkInput): Links {
  const links = new Map<LogicalPath, readonly Link[]>()
  const problems: Problem[] = []
  const moduleUrls = createModuleUrls(config.url)
  const strips = new Map<LogicalPath, Span>()
  const isAllowed = createAllowance(config.allowMissing)
  const explain = createExplainer(collection, config)
  const modeOf = (path: LogicalPath, kind: ReferenceKind) =>
    prehashed.has(path) || (config.modules === 'import-map' && isModuleKind(kind)) ? 'keep' : 'rewrite'

  const follow = (path: LogicalPath, reference: PlacedReference): Link | undefined => {
    const { kind, specifier, suffix } = reference
    const destination = followSpecifier(kind, specifier, path, config.url)
    if (destination.kind === 'external') return undefined
    const mode = modeOf(path, kind)
    const link = findLink(reference, destination.path, mode, { collection, config })
    if (destination.kind === 'outside' || link === undefined) {
      if (kind === 'source-map' && config.missingSourceMaps === 'strip' && !prehashed.has(path)) {
        strips.set(path, { start: reference.start, end: reference.end })
      }
      const problem = isAllowed(path, destination.path) ? undefined : explain(path, reference, destination)
      if (problem !== undefined) {
        problems.push(prehashed.has(path) ? { ...problem, severity: 'warning' } : problem)
      }
      return undefined
    }
    if (mode === 'keep' && !prehashed.has(path)) moduleUrls.add(path, reference, link.target + suffix)
    return link
  }

  for (const [path, scan] of scans) {
    problems.push(...noteProblems(path, scan))
    const own = scan.references.flatMap((reference) => follow(path, reference) ?? [])
    if (own.length > 0)
      links.set(
        path,
        own.sort((a, b) => a.at - b.at),
      )
  }
  return {
    links: keepBackLinks(links),
    problems: sortProblems(problems),
    moduleUrls: moduleUrls.toMap(),
    strips,
  }
}

/** The text that turns a reference into one to the hashed name; only the addition for a name that has no digest. */
export function insertionFor({ at, addition }: Link, digest: string): Insertion {
  const dot = addition.lastIndexOf('.')
  const split = dot === -1 ? addition.length : dot
  const dotted = digest === '' ? '' : `.${digest}`
  return { at, text: `${addition.slice(0, split)}${dotted}${addition.slice(split)}` }
}

/** What a manifest says of a file's links: every file it names, once per kind. */
export function referencesOf(links: readonly Link[]): readonly ManifestReference[] {
  if (links.length === 0) return NONE
  const unique = new Map(links.map(({ target, kind }) => [`${target}\n${kind}`, { path: target, kind }]))
  return [...unique.values()].sort((a, b) => comparePaths(a.path, b.path) || comparePaths(a.kind, b.kind))
}

/** One for all: most files name no other. */
const NONE: readonly ManifestReference[] = []

function findLink(
  reference: PlacedReference,
  target: LogicalPath,
  mode: Link['mode'],
  { collection, config }: Pick<LinkInput, 'collection' | 'config'>,
): Link | undefined {
  const { kind, digestAt } = reference
  if (collection.files.has(target)) return { kind, at: digestAt, target, addition: '', mode }
  if (config.extensionless === 'keep' || !isModuleKind(kind)) return undefined
  const found = findExtension(reference, target, collection.files)
  return found === undefined ? undefined : { kind, ...found, mode }
}

/** Notes of the scanners as problems. */
function noteProblems(file: LogicalPath, { notes }: FileScan): readonly Problem[] {
  return notes.map(({ code, severity, start, end, line, column, written, message }) => {
    const isWhole = start === end
    const subject = isWhole ? 'This file' : written.replace(/\s+/g, ' ')
    const place = isWhole ? { line: 0, column: 0 } : { line, column }
    return { code, severity, file, ...place, written, message: `${subject} ${message}`, nearest: [] }
  })
}

/**
 * Leaves a source map's link to the file it is for only where that file names the map: `file` is often a name from
 * another folder or an earlier step, and a link on hearsay would tie strangers into a circle.
 */
function keepBackLinks(links: Links['links']): Links['links'] {
  const namesMap = (file: LogicalPath, map: LogicalPath) =>
    (links.get(file) ?? []).some(({ kind, target }) => kind === 'source-map' && target === map)
  const kept = new Map<LogicalPath, readonly Link[]>()
  for (const [path, own] of links) {
    const right = own.filter(({ kind, target }) => kind !== 'source-map-file' || namesMap(target, path))
    if (right.length > 0) kept.set(path, right)
  }
  return kept
}
