import type { Digester } from '../../core/digest.ts'
import { comparePaths, type LogicalPath, packageFolderOf } from '../../core/path.ts'
import type { Reference } from '../../core/reference/reference.ts'
import { followSpecifier } from '../../core/reference/specifier.ts'
import type { Scanner } from '../../scan/scanner.ts'
import type { Collection, SourceFile } from '../../sources/finder.ts'
import { NO_CACHE, openCache } from '../cache/cache.ts'
import { findBundles } from '../read/bundles.ts'
import { createAllScanners } from '../read/own-scanners.ts'
import { createSourceReader } from '../read/source-reader.ts'
import { scanSources } from '../read/sources.ts'
import { createTransformingReader } from '../read/transforming-reader.ts'
import type { BuildConfig } from '../settings/options.ts'
import { createPackages, type Packages } from './packages.ts'
import { createModuleResolver } from './resolver.ts'

/** What collecting packages needs. */
export interface CollectContext {
  readonly config: BuildConfig
  readonly digester: Digester
  readonly signal: AbortSignal
}

/** The collection with the files of npm packages that its modules reach. They yield to files of the sources. */
export async function addPackages(collection: Collection, context: CollectContext): Promise<Collection> {
  const { config, digester, signal } = context
  const { importMap, cwd } = config
  const files = new Map(collection.files)
  const resolve = await createModuleResolver(importMap.packages?.nodeEnv)
  const sources = [...new Set(Array.from(files.values(), ({ source }) => source))]
  const packages = createPackages({ importMap, cwd, resolve, sources, fileOf: (path) => files.get(path) })
  const cache = config.cache === false ? NO_CACHE : openCache({ ...config.cache, digester })
  const { prehashed } = await findBundles(collection, config.prehashed)
  const tools = { config, cache, digester, prehashed: () => prehashed }
  const reader = createTransformingReader(createSourceReader(), tools)
  const reading = { reader, digester, cache, onUnchanged: () => undefined, signal }
  const scanners = await createAllScanners(config)
  // Only these can name a package; a package's other files are reached by their URLs.
  const modules: readonly Scanner[] = scanners.filter(({ name }) => ['javascript', 'html'].includes(name))
  const add = (targets: Iterable<LogicalPath | undefined>) => {
    const added = new Map<LogicalPath, SourceFile>()
    for (const path of targets) {
      const file = path === undefined || files.has(path) ? undefined : packages.finder.find(path)
      if (file !== undefined) added.set(file.path, file)
    }
    for (const [path, file] of added) files.set(path, file)
    return added
  }
  const follow = async (fresh: ReadonlyMap<LogicalPath, SourceFile>, using: readonly Scanner[]) => {
    for (let next = fresh, chosen = using; next.size > 0; chosen = scanners) {
      const { scans } = await scanSources(next, chosen, reading)
      next = add([...scans].flatMap(([path, scan]) => scan.references.map(targetIn(path, packages, config))))
    }
  }
  try {
    await follow(files, modules)
    const unused = packages.unused().map(({ target }) => ('path' in target ? target.path : undefined))
    await follow(add(unused), scanners)
  } finally {
    cache.close()
  }
  return { ...collection, files: new Map([...files].sort(([a], [b]) => comparePaths(a, b))), packages }
}

/** The file of a package that a reference leads to. */
function targetIn(from: LogicalPath, packages: Packages, { url }: BuildConfig) {
  return ({ kind, specifier }: Reference): LogicalPath | undefined => {
    const target = packages.follow(from, { kind, specifier })
    if (target !== undefined) return 'path' in target ? target.path : undefined
    if (packageFolderOf(from) === undefined) return undefined
    const destination = followSpecifier(kind, specifier, from, url)
    return destination.kind === 'inside' ? destination.path : undefined
  }
}
