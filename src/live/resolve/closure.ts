import { LRUCache } from 'lru-cache'
import { extensionCandidates } from '../../builder/link/extensionless.ts'
import { mappedPath } from '../../builder/link/import-map.ts'
import { type Links, linkReferences } from '../../builder/link/link.ts'
import type { Bundles } from '../../builder/read/bundles.ts'
import type { FileScan } from '../../builder/read/scan-files.ts'
import type { SourceReader } from '../../builder/read/source-reader.ts'
import {
  type FinishedMember,
  type Name,
  type NamingContext,
  nameFiles,
  targetIn,
} from '../../builder/rewrite/name.ts'
import { createRewrites } from '../../builder/rewrite/rewrite.ts'
import type { BuildConfig } from '../../builder/settings/options.ts'
import type { Digester, Fingerprint } from '../../core/digest.ts'
import { LIMITS } from '../../core/limit.ts'
import type { LogicalPath } from '../../core/path.ts'
import { isModuleKind } from '../../core/reference/reference.ts'
import { followSpecifier } from '../../core/reference/specifier.ts'
import type { PackageLinks, SourceFile } from '../../sources/finder.ts'
import type { FactStore } from './facts.ts'
import type { LiveTree } from './tree.ts'

/** A file and everything its bytes depend on, named and linked as a build does it. */
export interface Closure extends Omit<Links, 'strips' | 'replacements'> {
  /** The requested file. */
  readonly root: LogicalPath
  /** The files it was made from. It is current as long as the tree returns the same objects. */
  readonly members: ReadonlyMap<LogicalPath, SourceFile>
  /** Names that were looked up and not found. The closure is outdated when one of them exists. */
  readonly absent: ReadonlySet<LogicalPath>
  readonly names: ReadonlyMap<LogicalPath, Name>
  /** The bytes served under a member's name. */
  read(path: LogicalPath): Buffer
}

/** What closures are made with. */
export interface ClosureContext {
  readonly config: BuildConfig
  readonly tree: LiveTree
  readonly digester: Digester
  readonly reader: SourceReader
  readonly bundles: () => Bundles
  readonly facts: FactStore
  readonly remembered: NamingContext['remembered']
}

/** Remembers the names of the components used last. */
export function createNameMemory(): NamingContext['remembered'] {
  const members = new LRUCache<string, readonly FinishedMember[]>({ max: LIMITS.liveNamesRemembered })
  return {
    find: (key) => members.get(key),
    keep: (key, finished) => void members.set(key, finished),
  }
}

/**
 * Names a file and everything it depends on with the steps of a build, so that the names are those of a build.
 *
 * @throws FingerpostError `FP_CHANGED` if a file is edited meanwhile
 */
export function createClosure(path: LogicalPath, context: ClosureContext): Closure {
  const { config, tree, digester, reader, remembered } = context
  const bundles = context.bundles()
  const { prehashed } = bundles
  const { members, absent, fingerprints, scans } = gather(path, context)
  const { strips, replacements, ...linked } = linkReferences({
    ...{ scans, collection: tree.collection, bundles, config },
  })
  const { links } = linked
  const rewrites = createRewrites({ files: members, links, scans, prehashed, reader, strips, replacements })
  const names = nameFiles({ digester, fingerprints, rewrites, prehashed, remembered })
  return {
    root: path,
    members,
    absent,
    names,
    ...linked,
    read(member) {
      const file = members.get(member)
      if (file !== undefined && context.facts.of(file).isFailed) return Buffer.alloc(0)
      return rewrites.finish(member, (target) => targetIn(names, target))
    },
  }
}

/** True while nothing the closure depends on has changed on disk. */
export function isCurrent({ members, absent, problems }: Closure, { check }: LiveTree): boolean {
  // It may have been installed.
  if (problems.some(({ code }) => code === 'package')) return false
  for (const [path, file] of members) if (check(path) !== file) return false
  for (const path of absent) if (check(path) !== undefined) return false
  return true
}

interface Gathered {
  readonly members: Map<LogicalPath, SourceFile>
  readonly absent: Set<LogicalPath>
  readonly fingerprints: Map<LogicalPath, Fingerprint>
  readonly scans: Map<LogicalPath, FileScan>
}

/** Follows references until they lead to no further file. */
function gather(first: LogicalPath, { config, tree, facts, bundles }: ClosureContext): Gathered {
  const gathered: Gathered = {
    members: new Map(),
    absent: new Set(),
    fingerprints: new Map(),
    scans: new Map(),
  }
  const queue = [first]
  tree.collection.packages?.refresh()
  // The loop also visits what it adds.
  for (const path of queue) {
    if (gathered.members.has(path) || gathered.absent.has(path)) continue
    const file = tree.check(path)
    if (file === undefined) {
      gathered.absent.add(path)
      continue
    }
    const { fingerprint, scan } = facts.of(file)
    gathered.members.set(path, file)
    gathered.fingerprints.set(path, fingerprint)
    if (scan === undefined) continue
    gathered.scans.set(path, scan)
    const { aliases } = bundles()
    const candidates = candidatesOf(path, scan, config, tree.collection.packages)
    queue.push(...candidates.map((each) => aliases.get(each) ?? each))
  }
  return gathered
}

/** Every name that the references may lead to. Names too many only cost a check; a missing one hides a change. */
function candidatesOf(
  path: LogicalPath,
  scan: FileScan,
  config: BuildConfig,
  packages: PackageLinks | undefined,
): readonly LogicalPath[] {
  const candidates: LogicalPath[] = []
  for (const { kind, specifier } of scan.references) {
    const target = packages?.follow(path, { kind, specifier })
    if (target !== undefined) {
      if ('path' in target) candidates.push(target.path)
      continue
    }
    const destination = followSpecifier(kind, specifier, path, config.url)
    const mapped = isModuleKind(kind) ? mappedPath(specifier, config.importMap.specifiers) : undefined
    if (mapped !== undefined) candidates.push(mapped)
    if (destination.kind !== 'inside') continue
    candidates.push(destination.path)
    if (config.extensionless === 'resolve' && kind.startsWith('js-')) {
      candidates.push(...extensionCandidates(destination.path))
    }
  }
  // The columns of a source map depend on its file, which it may not name.
  if (path.endsWith('.map')) candidates.push(path.slice(0, -'.map'.length))
  return candidates.filter((candidate) => candidate !== '')
}
