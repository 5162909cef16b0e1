import { statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { NO_CACHE } from '../../builder/cache/cache.ts'
import { createImportMapNames, importUnused } from '../../builder/link/import-map.ts'
import type { PackageImport } from '../../builder/link/package-link.ts'
import { type Bundles, findBundles } from '../../builder/read/bundles.ts'
import { createAllScanners } from '../../builder/read/own-scanners.ts'
import { withRenames } from '../../builder/read/renamed-finder.ts'
import { createSourceReader } from '../../builder/read/source-reader.ts'
import { createTransformingReader } from '../../builder/read/transforming-reader.ts'
import { type BuildConfig, type BuildOptions, parseBuildOptions } from '../../builder/settings/options.ts'
import { createDigester } from '../../core/digest.ts'
import type { FingerpostError } from '../../core/error.ts'
import { extensionOf, isLogicalPath, type LogicalPath } from '../../core/path.ts'
import { createImportMap, type ImportMapSource } from '../../resolve/import-map.ts'
import { createResolver, findEntry, type Resolver } from '../../resolve/resolver.ts'
import { unknownName } from '../../resolve/unknown-name.ts'
import { collect } from '../../sources/collect.ts'
import type { Collection, SourceFile, SourceFolder } from '../../sources/finder.ts'
import { createFolderFinder } from '../../sources/folder-finder.ts'
import { locateSources } from '../../sources/source.ts'
import { createLiveAssets, type LiveAssets } from './assets.ts'
import { createNameMemory } from './closure.ts'
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
export interface LiveResolver extends Resolver, Omit<LiveAssets, 'forget'> {
  readonly sources: readonly SourceFolder[]
  /** All names of the last listing, in no order. */
  names(): Iterable<LogicalPath>
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
  // With a dev server of Vite there may be none.
  const sources = config.sources.length === 0 ? [] : await locateSources(config.sources, { cwd })
  const { ignore } = config
  const own = sources.map((source) => withRenames(createFolderFinder({ ...source, ignore }), config))
  const packages = await openPackages(config, sources, (path) => tree.check(path))
  const finders = packages === undefined ? own : [...own, packages.finder]
  const list = async () => ({ ...(await collect(finders)), ...(packages && { packages }) })
  const listed = await list()
  const [digester, scanners] = await Promise.all([createDigester(), createAllScanners(config)])
  const reader = createTransformingReader(createSourceReader(), {
    ...{ config, cache: NO_CACHE, digester, prehashed: () => bundles.prehashed },
  })
  const facts = createFactStore({ reader, digester, scanners, now })
  const tree = createLiveTree({ finders, listed, hasKnownContent: facts.confirm })
  let bundles: Bundles = await findBundles(listed, config.prehashed)
  const { forget, ...assets } = createLiveAssets({
    ...{ config, tree, digester, reader, facts, bundles: () => bundles },
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
    ...assets,
    sources,
    names,
    importMap: (entries) =>
      createImportMap(importMapSource(assets, tree.collection, { config, bundles }), resolver, entries),
    entry(name) {
      return findEntry(name, bundles.entries, {
        needsImportMap: config.modules === 'import-map' || bundles.aliases.size > 0,
      })
    },
    async relist() {
      const next = await list()
      tree.update(next)
      const before = bundles
      bundles = await findBundles(next, config.prehashed)
      if (!isDeepStrictEqual(bundles, before)) forget()
    },
  }
}

/** Npm packages, if the options ask for them. */
async function openPackages(
  { importMap, cwd }: BuildConfig,
  sources: readonly SourceFolder[],
  fileOf: (path: LogicalPath) => SourceFile | undefined,
) {
  if (importMap.packages === undefined) return undefined
  const { createPackages } = await import('../../builder/packages/packages.ts')
  const { createModuleResolver } = await import('../../builder/packages/resolver.ts')
  const resolve = await createModuleResolver(importMap.packages.nodeEnv)
  return createPackages({ importMap, cwd, resolve, sources, fileOf })
}

/** @throws FingerpostError `FP_CONFIG` for a specifier whose target does not exist */
function importMapSource(
  { find }: Pick<LiveAssets, 'find'>,
  collection: Collection,
  { config, bundles: { aliases } }: { readonly config: BuildConfig; readonly bundles: Bundles },
): ImportMapSource {
  const get = (path: LogicalPath) => find(path)?.asset
  const paths = new Set(collection.files.keys())
  const moduleUrls = new Map<string, string>()
  const packageImports: PackageImport[] = []
  const seen = new Set<object>()
  const usesModules = config.modules === 'import-map' || collection.packages !== undefined
  const visit = () => {
    // The loop also visits what it adds.
    for (const path of usesModules ? paths : []) {
      // Only the modules themselves tell by which URLs they import each other.
      if (!['.js', '.mjs', '.html', '.htm'].includes(extensionOf(path))) continue
      const { asset, wants } = find(path) ?? {}
      if (wants !== undefined && !seen.has(wants)) {
        for (const [url, name] of wants.moduleUrls) moduleUrls.set(url, name)
        packageImports.push(...wants.packageImports)
        seen.add(wants)
      }
      for (const reference of asset?.references ?? []) paths.add(reference.path)
    }
  }
  visit()
  for (const unused of importUnused(collection)) {
    packageImports.push(unused)
    paths.add(unused.name)
  }
  visit()
  return {
    ...createImportMapNames({ paths, moduleUrls, aliases, packageImports, config }),
    assets: { get, has: (path) => get(path) !== undefined, keys: () => paths },
  }
}

/** Where a name was looked up. */
interface SearchedPlaces {
  /** Absolute. */
  readonly cwd: string
  readonly sources: readonly SourceFolder[]
  readonly collection: Collection
}

/** Tells why no source has a name: its file is ignored, is outside every source, or has another name. */
function explainUnknownName(name: string, places: SearchedPlaces): FingerpostError {
  const reason = findIgnored(name, places) ?? findByPath(name, places)
  const searched = places.sources.map(({ folder, prefix }) => (prefix ? `${folder} (as ${prefix})` : folder))
  return unknownName(name, places.collection.files, (nearest) => ({
    message: reason ?? `No source has ${JSON.stringify(name)}.`,
    remedy: `${nearest.length === 0 ? '' : `Did you mean ${nearest.join(', ')}? `}Looked in ${searched.join(', ')}.`,
  }))
}

/** A source has the file, but leaves it out. */
function findIgnored(name: string, { sources }: SearchedPlaces): string | undefined {
  if (!isLogicalPath(name)) return undefined
  for (const { folder, prefix } of sources) {
    const file = join(folder, name.slice(prefix.length))
    if (!name.startsWith(prefix) || !isFile(file)) continue
    return `${JSON.stringify(name)} exists (${file}) but is ignored, or is a link that leaves its source.`
  }
  return undefined
}

/** The name is a path on disk, inside or outside the sources. */
function findByPath(name: string, { cwd, sources }: SearchedPlaces): string | undefined {
  const file = resolve(cwd, `.${sep}${name.replace(/^\/+/, '')}`)
  if (name === '' || !isFile(file)) return undefined
  for (const { folder, prefix } of sources) {
    const inside = relative(folder, file)
    if (inside.startsWith('..')) continue
    return `${JSON.stringify(name)} is a path. The name of ${file} is ${JSON.stringify(prefix + inside)}.`
  }
  return `${JSON.stringify(name)} exists (${file}) but is outside every source.`
}

function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true
  } catch {
    return false
  }
}
