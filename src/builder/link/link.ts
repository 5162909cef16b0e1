import picomatch from 'picomatch'
import type { ManifestReference } from '../../core/manifest/manifest.ts'
import { comparePaths, encodePath, type LogicalPath } from '../../core/path.ts'
import type { PublicUrl } from '../../core/public-url.ts'
import { type Problem, sortProblems } from '../../core/reference/problem.ts'
import {
  dependsOnUse,
  isModuleKind,
  type Reference,
  type ReferenceKind,
} from '../../core/reference/reference.ts'
import { followSpecifier } from '../../core/reference/specifier.ts'
import type { Replacement } from '../../core/reference/text.ts'
import type { Span } from '../../scan/scanner.ts'
import type { Collection } from '../../sources/finder.ts'
import type { Bundles } from '../read/bundles.ts'
import type { FileScan, FileScans, PlacedReference } from '../read/scan-files.ts'
import type { BuildConfig } from '../settings/options.ts'
import { createExplainer, explainCustomProperty } from './explain.ts'
import { findExtension } from './extensionless.ts'
import { mappedPath } from './import-map.ts'
import { settleIntegrity } from './integrity.ts'
import {
  explainImport,
  explainPackage,
  followPackage,
  type PackageImport,
  replaceNodeEnv,
} from './package-link.ts'
import { editsOf, type Link, spellHashed } from './replacement.ts'

/** All links of a build, and what is wrong with its other references. */
export interface Links {
  /** By file, in order of offset. Files without links have no entry. */
  readonly links: ReadonlyMap<LogicalPath, readonly Link[]>
  /** In order of file and place. */
  readonly problems: readonly Problem[]
  /** The URLs that modules request and an import map must lead to other names (with suffix). */
  readonly moduleUrls: ReadonlyMap<string, string>
  readonly packageImports: readonly PackageImport[]
  /** The URLs of source map comments to remove, by file. Empty unless the option says so. */
  readonly strips: ReadonlyMap<LogicalPath, readonly Span[]>
  /** What else is replaced in a file, besides its references. */
  readonly replacements: ReadonlyMap<LogicalPath, readonly Replacement[]>
}

/** The input of {@link linkReferences}. */
export interface LinkInput {
  readonly scans: FileScans
  readonly collection: Collection
  /** What bundlers have made: files that keep their name and bytes, and the names by which they request each other. */
  readonly bundles: Pick<Bundles, 'prehashed' | 'aliases'>
  readonly config: Pick<
    BuildConfig,
    'url' | 'allowMissing' | 'onMissing' | 'modules' | 'importMap' | 'extensionless' | 'missingSourceMaps'
  >
}

/** Resolves every reference of the build to its file, and explains those that have none. */
export function linkReferences({ scans, collection, bundles, config }: LinkInput): Links {
  const { prehashed, aliases } = bundles
  const links = new Map<LogicalPath, readonly Link[]>()
  const problems: Problem[] = []
  const moduleUrls = new Map<string, string>()
  const packageImports: PackageImport[] = []
  const strips = new Map<LogicalPath, readonly Span[]>()
  const replacements = new Map<LogicalPath, readonly Replacement[]>()
  const mayBeMissing = createMissingRule(config.allowMissing)
  const explain = createExplainer(collection, config)
  const modeOf = (path: LogicalPath, kind: ReferenceKind) =>
    prehashed.has(path) || (config.modules === 'import-map' && isModuleKind(kind)) ? 'keep' : 'rewrite'

  const report = (problem: Problem) => {
    problems.push(prehashed.has(problem.file) ? { ...problem, severity: 'warning' } : problem)
  }

  const follow = (path: LogicalPath, reference: PlacedReference): Link | undefined => {
    const { kind, specifier, suffix, start, end } = reference
    const destination = followSpecifier(kind, specifier, path, config.url)
    const led = followPackage(path, reference, { scans, packages: collection.packages })
    if (led !== undefined && 'refusal' in led) {
      if (!mayBeMissing(path, led.target)) report(explainPackage(path, reference, led.refusal, config))
      return undefined
    }
    const isPlain = destination.kind === 'inside' && destination.path === led?.path
    if (led !== undefined && !isPlain) return linkPackage(path, reference, led.path)
    if (destination.kind === 'external') return findMapped(reference, { collection, config })
    const mode = modeOf(path, kind)
    const alias = prehashed.has(path) ? aliases.get(destination.path) : undefined
    const link = findLink(reference, alias ?? destination.path, mode, { collection, config, prehashed })
    if (destination.kind === 'inside' && link !== undefined) {
      const refused = explainImport(path, reference, link.target, scans.get(link.target))
      if (refused !== undefined && !mayBeMissing(path, link.target)) problems.push(refused)
      const isMapped = mode === 'keep' && !prehashed.has(path)
      if (isMapped) moduleUrls.set(urlOf(reference, path, config.url), link.target + suffix)
      if (mode === 'rewrite' && dependsOnUse(reference))
        problems.push(
          explainCustomProperty(path, reference, link.target, {
            severity: 'note',
            message: `It becomes the absolute URL of ${link.target}.`,
          }),
        )
      return link
    }
    const strip = kind === 'source-map' && config.missingSourceMaps === 'strip' && !prehashed.has(path)
    // Without the last comment the one before would count.
    if (strip) strips.set(path, [...(scans.get(path)?.earlierMaps ?? []), { start, end }])
    const problem = mayBeMissing(path, destination.path) ? undefined : explain(path, reference, destination)
    if (problem !== undefined) report(problem)
    return undefined
  }

  const linkPackage = (from: LogicalPath, reference: PlacedReference, target: LogicalPath): Link => {
    const { kind, specifier, suffix, digestAt } = reference
    const name = target + suffix
    if (/^\.{1,2}\//.test(specifier)) moduleUrls.set(urlOf(reference, from, config.url), name)
    else packageImports.push({ from, specifier: specifier + suffix, name })
    return { kind, at: digestAt, target, addition: '', mode: 'keep' }
  }

  for (const [path, scan] of scans) {
    problems.push(...problemsIn(path, scan))
    const nodeEnv = replaceNodeEnv(path, scan, config)
    if (nodeEnv.problem !== undefined) report(nodeEnv.problem)
    if (nodeEnv.replacements.length > 0) replacements.set(path, nodeEnv.replacements)
    const own = scan.references.flatMap((reference) => follow(path, reference) ?? [])
    if (own.length > 0)
      links.set(
        path,
        own.sort((a, b) => a.at - b.at),
      )
  }
  const settled = settleIntegrity(withoutFalseOwners(links), scans)
  problems.push(...settled.problems)
  return {
    links: settled.links,
    problems: sortProblems(problems),
    moduleUrls,
    packageImports,
    strips,
    replacements,
  }
}

/** The references of a file as the manifest lists them: every target once per kind. */
export function referencesOf(links: readonly Link[]): readonly ManifestReference[] {
  if (links.length === 0) return NONE
  const unique = new Map(links.map(({ target, kind }) => [`${target}\n${kind}`, { path: target, kind }]))
  return [...unique.values()].sort((a, b) => comparePaths(a.path, b.path) || comparePaths(a.kind, b.kind))
}

/** Shared: most files have no references. */
const NONE: readonly ManifestReference[] = []

/** Reads the option `allowMissing`: globs of targets, or `FILE:TARGET`. A glob without a slash matches names in any folder. */
function createMissingRule(globs: readonly string[]): (file: LogicalPath, target: LogicalPath) => boolean {
  const rules = globs.map((glob) => {
    const colon = glob.indexOf(':')
    const file = colon === -1 ? () => true : createMatch(glob.slice(0, colon))
    const target = createMatch(glob.slice(colon + 1))
    return (from: LogicalPath, to: LogicalPath) => file(from) && target(to)
  })
  return (file, target) => rules.some((rule) => rule(file, target))
}

function createMatch(glob: string): (path: string) => boolean {
  return picomatch(glob, { dot: true, basename: !glob.includes('/'), nonegate: true })
}

function findLink(
  reference: PlacedReference,
  target: LogicalPath,
  mode: Link['mode'],
  { collection, config, prehashed }: Pick<LinkInput, 'collection' | 'config'> & Pick<Bundles, 'prehashed'>,
): Link | undefined {
  const { kind, digestAt, integrity } = reference
  const edits = editsOf(reference, target, config.url)
  const places = { ...(edits && { edits }), ...(integrity && { integrity }) }
  const link = { kind, at: digestAt, target, addition: '', mode, ...places }
  const spell = (each: Link) => (prehashed.has(each.target) ? each : spellHashed(each, reference))
  if (collection.files.has(target)) return spell(link)
  if (config.extensionless === 'keep' || !isModuleKind(kind)) return undefined
  const found = findExtension(reference, target, collection.files)
  return found === undefined ? undefined : spell({ ...link, ...found })
}

/** A bare specifier that the configured import map leads to a file. It stays, but a page that needs one needs the other. */
function findMapped(
  { kind, specifier, digestAt }: PlacedReference,
  { collection, config }: Pick<LinkInput, 'collection' | 'config'>,
): Link | undefined {
  const target = isModuleKind(kind) ? mappedPath(specifier, config.importMap.specifiers) : undefined
  if (target === undefined || !collection.files.has(target)) return undefined
  return { kind, at: digestAt, target, addition: '', mode: 'keep' }
}

/** The host of the page, which a build doesn't know. */
const PAGE_HOST = 'https://fingerpost.invalid'

/** The URL that a browser requests for a specifier. An import map's keys are compared with it letter by letter. */
function urlOf({ specifier, suffix }: Reference, from: LogicalPath, { href }: PublicUrl): string {
  const url = new URL(specifier + suffix, new URL(href + encodePath(from), PAGE_HOST)).href
  return url.startsWith(PAGE_HOST) ? url.slice(PAGE_HOST.length) : url
}

/** The notes of the scanners as problems. */
function problemsIn(file: LogicalPath, { notes }: FileScan): readonly Problem[] {
  return notes.map(({ code, severity, start, end, line, column, written, message }) => {
    const isWhole = start === end
    const subject = isWhole ? 'This file' : written.replace(/\s+/g, ' ')
    const place = isWhole ? { line: 0, column: 0 } : { line, column }
    return { code, severity, file, ...place, written, message: `${subject} ${message}`, nearest: [] }
  })
}

/**
 * Keeps the link from a source map to its file only if that file names the map. The field `file` is often a name of
 * another folder or an earlier step; following it would tie unrelated files into a cycle.
 */
function withoutFalseOwners(links: Links['links']): Links['links'] {
  const namesMap = (file: LogicalPath, map: LogicalPath) =>
    (links.get(file) ?? []).some(({ kind, target }) => kind === 'source-map' && target === map)
  const kept = new Map<LogicalPath, readonly Link[]>()
  for (const [path, own] of links) {
    const right = own.filter(({ kind, target }) => kind !== 'source-map-file' || namesMap(target, path))
    if (right.length > 0) kept.set(path, right)
  }
  return kept
}
