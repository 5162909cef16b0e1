import type { Digest } from '../core/digest.ts'
import { parseHashedPath } from '../core/hashed-path.ts'
import { LIMITS } from '../core/limit.ts'
import { referencesIn } from '../core/manifest/asset-lines.ts'
import type { Manifest, ManifestAsset } from '../core/manifest/manifest.ts'
import { comparePaths, type LogicalPath } from '../core/path.ts'
import { type Problem, sortProblems } from '../core/reference/problem.ts'
import type { Collection, SourceFile } from '../sources/finder.ts'
import type { Links } from './link/link.ts'
import type { Output } from './publish/output.ts'
import type { BuildReport } from './report.ts'
import type { Name } from './rewrite/name.ts'

/**
 * The last build, made with the same options and tools of the same files, of which only some have changed: what a build
 * can take over, so that it costs what these cost.
 */
export interface Base {
  readonly manifest: Manifest
  /** The digest of its bytes. */
  readonly manifestEtag: Digest
  /** All that the last build said. */
  readonly problems: readonly Problem[]
  /** What it holds. */
  readonly outputs: BuildReport['outputs']
  /** What has to be built anew. */
  readonly scope: ReadonlySet<LogicalPath>
  /** Whether an output is as the last build left it. */
  isIn(output: Output): boolean
}

/** Thrown where a base turns out not to be one: the build begins again without it. */
export class OutdatedBase extends Error {}

/** Share of the files up to which building them alone is worth finding out which they are. */
const MAX_SHARE = 0.5

/** What a base is made from, if it can be one. */
export type BaseParts = Omit<Base, 'scope'> & { readonly changed: ReadonlySet<LogicalPath> }

/** A base for a build of some changed files; undefined where all might as well be built. */
export function createBase({ changed, ...parts }: BaseParts): Base | undefined {
  const scope = findScope(changed, parts.manifest)
  return scope.size <= parts.manifest.assets.size * MAX_SHARE ? { ...parts, scope } : undefined
}

/**
 * Everything that may come out different when some files have changed: what refers to them, however far, because a name
 * covers the names in it; and their source maps, because columns move.
 */
export function findScope(
  changed: Iterable<LogicalPath>,
  manifest: Pick<Manifest, 'assets'>,
): ReadonlySet<LogicalPath> {
  const dependents = new Map<LogicalPath, LogicalPath[]>()
  const add = (path: LogicalPath, dependent: LogicalPath) => {
    const known = dependents.get(path)
    if (known === undefined) dependents.set(path, [dependent])
    else known.push(dependent)
  }
  for (const [path, references] of referencesIn(manifest)) {
    for (const { path: target, kind } of references) {
      add(target, path)
      if (kind === 'source-map') add(path, target)
    }
  }
  const scope = new Set(changed)
  // A set that grows while it is walked: what is added is walked too.
  for (const path of scope) for (const dependent of dependents.get(path) ?? []) scope.add(dependent)
  return scope
}

/** The part of a collection that is built; all of it without a base. */
export function filesInScope(
  { files }: Collection,
  base: Base | undefined,
): ReadonlyMap<LogicalPath, SourceFile> {
  if (base === undefined) return files
  const inScope = new Map<LogicalPath, SourceFile>()
  for (const path of [...base.scope].sort(comparePaths)) {
    const file = files.get(path)
    if (file !== undefined) inScope.set(path, file)
  }
  return inScope
}

/** What the base has in the place of what is built. */
export function assetsInScope({ manifest, scope }: Base): ReadonlyMap<LogicalPath, ManifestAsset> {
  const assets = new Map<LogicalPath, ManifestAsset>()
  for (const path of scope) {
    const asset = manifest.assets.get(path)
    if (asset !== undefined) assets.set(path, asset)
  }
  return assets
}

/**
 * Makes sure that no file of the scope has taken a source map for its own that isn't in it: then that one changes too.
 *
 * @throws OutdatedBase
 */
export function refuseLinksOutOf({ scope }: Base, links: Links['links']): void {
  for (const own of links.values()) {
    for (const { kind, target } of own) {
      if (kind === 'source-map' && !scope.has(target)) throw new OutdatedBase(`${target} has got an owner`)
    }
  }
}

/** The name the base has for a file out of its scope. */
export function givenName(base: Base | undefined, path: LogicalPath): Name | undefined {
  const asset = base?.manifest.assets.get(path)
  if (asset === undefined) return undefined
  const { file, etag, integrity, size } = asset
  const fingerprint = { digest: etag, integrity, size }
  if (file === path) return { digest: '', file, fingerprint }
  const parts = parseHashedPath(file)
  if (parts?.path !== path) throw new OutdatedBase(`${file} is no name of ${path}`)
  return { digest: parts.digest, file, fingerprint }
}

/** What is wrong in a site of which a part was built: there as it is now, elsewhere as it was. */
export function mergeProblems(base: Base | undefined, found: readonly Problem[]): readonly Problem[] {
  if (base === undefined) return found
  const problems = sortProblems([...base.problems.filter(({ file }) => !base.scope.has(file)), ...found])
  // Above, which of them are told the nearest names depends on all of them.
  if (problems.length > LIMITS.nearestMaxReferences) throw new OutdatedBase('too many problems')
  return problems
}
