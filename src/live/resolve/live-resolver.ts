import { findPrehashed } from '../../builder/read/prehashed.ts'
import { createSourceReader } from '../../builder/read/source-reader.ts'
import { type BuildOptions, parseBuildOptions } from '../../builder/settings/options.ts'
import { createDigester } from '../../core/digest.ts'
import type { HashedPath } from '../../core/hashed-path.ts'
import { encodePath, isLogicalPath, type LogicalPath } from '../../core/path.ts'
import type { Problem } from '../../core/reference/problem.ts'
import { splitSuffix } from '../../core/reference/reference.ts'
import { createImportMap, type ImportMap } from '../../resolve/import-map.ts'
import { isModuleAlone } from '../../resolve/module-kind.ts'
import type { Resolver } from '../../resolve/resolver.ts'
import { createScanners } from '../../scan/scanners.ts'
import { collect } from '../../sources/collect.ts'
import type { SourceFolder } from '../../sources/finder.ts'
import { createFolderFinder } from '../../sources/folder-finder.ts'
import { locateSources } from '../../sources/source.ts'
import { createLiveAssets, type LiveAsset, type LiveChange } from './assets.ts'
import { type ClosureWorkshop, createNameMemory } from './closure.ts'
import { explainUnknownName } from './explain.ts'
import { createFileFacts } from './facts.ts'
import { describeSources } from './import-map.ts'
import { createLiveTree } from './tree.ts'

/** What live mode works with. */
export interface LiveOptions {
  /** The options of the build it stands in for. */
  readonly build: BuildOptions
  /** Where relative paths of the options start. Absolute. */
  readonly cwd: string
  /** What URLs begin with, ending with a slash. Default: the `url` of the options. */
  readonly url?: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Answers from the sources, without a build: the same names, the same bytes, the same problems. */
export interface LiveResolver extends Resolver {
  readonly sources: readonly SourceFolder[]
  /** The asset of a logical path; undefined if no source has it. */
  find(path: LogicalPath): LiveAsset | undefined
  /**
   * The asset of a logical path if its name is, or was a moment ago, this one: of a name the bytes are known, so nothing
   * else need be looked at.
   */
  peek(path: LogicalPath, file: HashedPath): LiveAsset | undefined
  /** Looks again at everything that was ever asked for, and tells what has changed since the last look. */
  changes(): readonly LiveChange[]
  /** What is wrong with everything that was ever asked for. */
  problems(): readonly Problem[]
  /** All names there were when the sources were last listed, in no order. */
  names(): Iterable<LogicalPath>
  /** As a build's. Without `entries` it asks for every module there is. @throws FingerpostError `FP_UNKNOWN_NAME`, `FP_CONFIG` */
  importMap(entries?: readonly string[]): ImportMap
  /** Lists the sources again: for nearest names, and for what is new. */
  relist(): Promise<void>
}

/**
 * A resolver over sources. Each file is looked at when it is first asked for; what is known about it is kept until it,
 * or something it refers to, changes.
 *
 * @throws FingerpostError as a build does, for options and sources
 */
export async function createLiveResolver(options: LiveOptions): Promise<LiveResolver> {
  const { cwd, now } = options
  const config = parseBuildOptions(options.build, cwd)
  const sources = await locateSources(config.sources, { cwd })
  const finders = sources.map((source) => createFolderFinder({ ...source, ignore: config.ignore }))
  const listed = await collect(finders)
  const [digester, scanners] = await Promise.all([createDigester(), createScanners({ html: config.html })])
  const reader = createSourceReader()
  const facts = createFileFacts({ reader, digester, scanners, now })
  const tree = createLiveTree({ finders, listed, hasKnownContent: facts.confirm })
  const prehashed = new Set(await findPrehashed(listed, config.prehashed))
  const workshop: ClosureWorkshop = {
    ...{ config, tree, digester, reader, prehashed, facts },
    remembered: createNameMemory(),
  }
  const url = options.url ?? config.url.href
  const assets = createLiveAssets(workshop)
  const split = (name: string) =>
    isLogicalPath(name) && tree.check(name) !== undefined
      ? { specifier: name, suffix: '' }
      : splitSuffix(name)
  const assetOf = (path: string): LiveAsset => {
    const asset = assets.find(path)
    if (asset !== undefined) return asset
    throw explainUnknownName(path, { cwd, sources, collection: tree.collection })
  }
  const resolver: Resolver = {
    url,
    resolve(name) {
      const { specifier, suffix } = split(name)
      return url + encodePath(assetOf(specifier).asset.file) + suffix
    },
    integrity: (name) => assetOf(split(name).specifier).asset.integrity,
    describe(name) {
      const { path, asset } = assetOf(split(name).specifier)
      const { file, type, integrity, references } = asset
      return { path, url: url + encodePath(file), type, integrity, references }
    },
    isModule(name) {
      const { path, asset } = assetOf(split(name).specifier)
      return isModuleAlone(path, asset.references)
    },
  }
  const names = () => tree.collection.files.keys()
  return {
    ...resolver,
    sources,
    names,
    importMap: (entries) => createImportMap(describeSources({ config, assets, names }), resolver, entries),
    find: assets.find,
    peek: assets.peek,
    changes() {
      tree.newTurn()
      return assets.changes()
    },
    problems: assets.problems,
    async relist() {
      const listed = await collect(finders)
      tree.update(listed)
      if (replace(prehashed, await findPrehashed(listed, config.prehashed))) assets.forget()
    },
  }
}

/** Gives a set other members. True if they are others. */
function replace<T>(set: Set<T>, members: ReadonlySet<T>): boolean {
  if (set.size === members.size && [...members].every((member) => set.has(member))) return false
  set.clear()
  for (const member of members) set.add(member)
  return true
}
