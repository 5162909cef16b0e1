import { createImportMapNames } from '../../builder/link/import-map.ts'
import { findPrehashed } from '../../builder/read/prehashed.ts'
import { createSourceReader } from '../../builder/read/source-reader.ts'
import { type BuildConfig, type BuildOptions, parseBuildOptions } from '../../builder/settings/options.ts'
import { createDigester } from '../../core/digest.ts'
import type { HashedPath } from '../../core/hashed-path.ts'
import { extensionOf, isLogicalPath, type LogicalPath } from '../../core/path.ts'
import type { Problem } from '../../core/reference/problem.ts'
import { createImportMap, type ImportMap, type ImportMapSource } from '../../resolve/import-map.ts'
import { createResolver, type Resolver } from '../../resolve/resolver.ts'
import { createScanners } from '../../scan/scanners.ts'
import { collect } from '../../sources/collect.ts'
import type { SourceFolder } from '../../sources/finder.ts'
import { createFolderFinder } from '../../sources/folder-finder.ts'
import { locateSources } from '../../sources/source.ts'
import { createLiveAssets, type LiveAsset, type LiveAssets, type LiveChange } from './assets.ts'
import { createNameMemory } from './closure.ts'
import { explainUnknownName } from './explain.ts'
import { createFactStore } from './facts.ts'
import { createLiveTree } from './tree.ts'

/** What a live resolver is created with. */
export interface LiveOptions {
  /** The options of the build it stands in for. */
  readonly build: BuildOptions
  /** The base of relative paths in the options. Absolute. */
  readonly cwd: string
  /** The public URL of all files, ending with a slash. Default: the `url` of the build options. */
  readonly url?: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Answers from the sources what a build would answer: the same names, bytes and problems. */
export interface LiveResolver extends Resolver {
  readonly sources: readonly SourceFolder[]
  /** The asset of a logical path; undefined if no source has it. */
  find(path: LogicalPath): LiveAsset | undefined
  /** The asset of a logical path if this is its latest known name. The disk is not checked. */
  peek(path: LogicalPath, file: HashedPath): LiveAsset | undefined
  /** Checks everything that was ever requested and returns what changed since the last call. */
  changes(): readonly LiveChange[]
  /** The problems of everything that was ever requested. */
  problems(): readonly Problem[]
  /** All names of the last listing, in no order. */
  names(): Iterable<LogicalPath>
  /** The import map of a build. Without `entries` it reads every module. @throws FingerpostError `FP_UNKNOWN_NAME`, `FP_CONFIG` */
  importMap(entries?: readonly string[]): ImportMap
  /** Lists the sources again, for nearest names and new files. */
  relist(): Promise<void>
}

/**
 * A resolver over sources. It reads a file when the file is first requested, and again only after the file or one it
 * refers to has changed.
 *
 * @throws FingerpostError what a build throws for options and sources
 */
export async function createLiveResolver(options: LiveOptions): Promise<LiveResolver> {
  const { cwd, now } = options
  const config = parseBuildOptions(options.build, cwd)
  const sources = await locateSources(config.sources, { cwd })
  const finders = sources.map((source) => createFolderFinder({ ...source, ignore: config.ignore }))
  const listed = await collect(finders)
  const [digester, scanners] = await Promise.all([createDigester(), createScanners({ html: config.html })])
  const reader = createSourceReader()
  const facts = createFactStore({ reader, digester, scanners, now })
  const tree = createLiveTree({ finders, listed, hasKnownContent: facts.confirm })
  const prehashed = new Set(await findPrehashed(listed, config.prehashed))
  const assets = createLiveAssets({
    ...{ config, tree, digester, reader, prehashed, facts },
    remembered: createNameMemory(),
  })
  const resolver = createResolver(options.url ?? config.url.href, {
    has: (path) => isLogicalPath(path) && tree.check(path) !== undefined,
    get(path) {
      const found = assets.find(path)
      if (found === undefined) throw explainUnknownName(path, { cwd, sources, collection: tree.collection })
      return found.asset
    },
  })
  const names = () => tree.collection.files.keys()
  return {
    ...resolver,
    sources,
    names,
    importMap: (entries) => createImportMap(importMapSource(assets, [...names()], config), resolver, entries),
    find: assets.find,
    peek: assets.peek,
    changes() {
      tree.newTurn()
      return assets.changes()
    },
    problems: assets.problems,
    async relist() {
      const next = await collect(finders)
      tree.update(next)
      if (replaceMembers(prehashed, await findPrehashed(next, config.prehashed))) assets.forget()
    },
  }
}

/** @throws FingerpostError `FP_CONFIG` for a specifier whose target does not exist */
function importMapSource(
  assets: LiveAssets,
  names: readonly LogicalPath[],
  config: BuildConfig,
): ImportMapSource {
  const get = (path: LogicalPath) => assets.find(path)?.asset
  // Only the modules themselves tell by which URLs they import each other.
  const moduleUrlsOf = (path: LogicalPath) =>
    ['.js', '.mjs'].includes(extensionOf(path)) ? [...(assets.find(path)?.moduleUrls ?? [])] : []
  const moduleUrls = new Map(config.modules === 'import-map' ? names.flatMap(moduleUrlsOf) : [])
  return {
    importMap: createImportMapNames({ paths: names, moduleUrls, config }),
    assets: { get, has: (path) => get(path) !== undefined, keys: () => names },
  }
}

/** Gives a set other members. False if it has them already. */
function replaceMembers<T>(set: Set<T>, members: ReadonlySet<T>): boolean {
  if (set.size === members.size && [...members].every((member) => set.has(member))) return false
  set.clear()
  for (const member of members) set.add(member)
  return true
}
