import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { decodePath, type LogicalPath, packageFolder, packageFolderOf } from '../../core/path.ts'
import { isModuleKind } from '../../core/reference/reference.ts'
import { fileStatOf, isWithin } from '../../sources/entry.ts'
import type { Finder, PackageLinks, PackageTarget, SourceFile, SourceFolder } from '../../sources/finder.ts'
import { mappedPath } from '../link/import-map.ts'
import type { ImportMapConfig } from '../settings/import-map.ts'
import type { Resolution, ResolveModule } from './resolver.ts'

/** Before the name of an installed package. */
const INSTALLED = '/node_modules/'

/** The npm packages that modules of the sources import. */
export interface Packages extends PackageLinks {
  /** Finds files of packages that a reference has led to. */
  readonly finder: Finder
}

/** What packages are found with. */
export interface PackagesContext {
  readonly importMap: ImportMapConfig
  /** Absolute; where configured packages are resolved from that no file imports. */
  readonly cwd: string
  readonly resolve: ResolveModule
  readonly sources: readonly SourceFolder[]
  /** Any file of the collection as it is so far. */
  readonly fileOf: (path: LogicalPath) => SourceFile | undefined
}

/** An installed package. */
interface PackageRoot {
  /** Absolute, real. */
  readonly folder: string
  /** `npm/lit@3.3.0/` */
  readonly prefix: string
  /** Its `browser` field maps files to others, so that a path alone doesn't tell which is meant. */
  readonly hasFileMap: boolean
  /** Of its package.json. */
  readonly mtimeNs: bigint
}

/** Follows references into packages. A package is known from when the first leads to it. */
export function createPackages(context: PackagesContext): Packages {
  const { importMap, cwd, resolve, sources, fileOf } = context
  const names = importMap.packages?.names ?? []
  const roots = createRoots()
  const resolved = new Map<string, PackageTarget>()
  const imported = new Set<string>()
  const found = new Set<LogicalPath>()

  function isWanted(specifier: string): boolean {
    if (names === 'auto') return true
    const name = names.find((each) => specifier === each || specifier.startsWith(`${each}/`))
    if (name !== undefined) imported.add(name)
    return name !== undefined
  }

  function resolveFrom(folder: string, specifier: string, root?: PackageRoot): PackageTarget {
    const key = `${folder}\n${specifier}`
    const known = resolved.get(key)
    if (known !== undefined) return known
    const plain = join(folder, decodePath(specifier))
    const isPlain = root?.hasFileMap === false && isRelative(specifier) && isFile(plain)
    const resolution = isPlain ? { file: plain, packages: [] } : resolve(folder, specifier)
    const target = targetOf(specifier, resolution, root)
    resolved.set(key, target)
    return target
  }

  /**
   * A package must not publish files of the project: a file is in the package that imports it, or in one looked into.
   *
   * @param root the package that imports; undefined for a module of the sources, whose project may map a specifier
   */
  function targetOf(specifier: string, resolution: Resolution, root: PackageRoot | undefined): PackageTarget {
    if (!('file' in resolution)) return resolution
    const { file, packages } = resolution
    const folders = root === undefined ? packages : [root.folder, ...packages]
    const climbs = root === undefined && /\/\.\.(?:\/|$)/.test(specifier)
    if ((folders.length === 0 && !climbs) || folders.some((folder) => isWithin(file, folder)))
      return { path: pathOf(file) }
    const remedy = climbs ? 'Import it by its relative path.' : "Report it to the package's authors."
    return { refusal: `leads out of its package, to ${file}. ${remedy}` }
  }

  /** A workspace's package may be a source too. */
  function pathOf(file: string): LogicalPath {
    for (const { folder, prefix } of sources) {
      const path = isWithin(file, folder) ? prefix + file.slice(folder.length + 1) : ''
      if (path !== '' && fileOf(path)?.absolutePath === file) return path
    }
    const { folder, prefix } = roots.of(file)
    return prefix + file.slice(folder.length + 1)
  }

  function find(path: LogicalPath): SourceFile | undefined {
    const prefix = packageFolderOf(path)
    const root = prefix === undefined ? undefined : roots.at(prefix)
    if (root === undefined) return undefined
    const absolutePath = join(root.folder, path.slice(root.prefix.length))
    const stats = statSync(absolutePath, { bigint: true, throwIfNoEntry: false })
    if (stats?.isFile() !== true || !isWithin(realpathSync(absolutePath), root.folder)) return undefined
    found.add(path)
    return { path, absolutePath, source: root, ...fileStatOf(stats) }
  }

  return {
    follow(from, { kind, specifier }) {
      if (!isModuleKind(kind) || isUrl(specifier)) return undefined
      const prefix = packageFolderOf(from)
      const root = prefix === undefined ? undefined : roots.at(prefix)
      if (isRelative(specifier) ? root === undefined : mappedPath(specifier, importMap.specifiers))
        return undefined
      if (root === undefined && !isWanted(specifier)) return undefined
      const file = fileOf(from)
      return file && resolveFrom(dirname(file.absolutePath), specifier, root)
    },
    unused() {
      const rest = names === 'auto' ? [] : names.filter((name) => !imported.has(name))
      return rest.map((specifier) => ({ specifier, target: resolveFrom(cwd, specifier) }))
    },
    describe: () => Array.from(resolved, ([key, target]) => `${key}\n${JSON.stringify(target)}`),
    refresh: () => resolved.clear(),
    finder: {
      source: { folder: cwd, prefix: 'npm/' },
      list: async () => ({
        files: [...found].flatMap((path) => find(path) ?? []),
        skipped: [],
        troubles: [],
      }),
      find,
    },
  }
}

/** Packages by folder on disk and by logical folder. Of several copies of one version the first is used. */
function createRoots() {
  const byFolder = new Map<string, PackageRoot>()
  const byPrefix = new Map<string, PackageRoot>()

  /** @param usualName the name of a package that doesn't state one; without it, such a folder is no package's */
  function read(folder: string, usualName?: string): PackageRoot | undefined {
    const place = join(folder, 'package.json')
    const { mtimeNs = 0n } = statSync(place, { bigint: true, throwIfNoEntry: false }) ?? {}
    const known = byFolder.get(folder)
    if (mtimeNs === known?.mtimeNs) return known
    const manifest = (mtimeNs === 0n ? {} : JSON.parse(readFileSync(place, 'utf8'))) as PackageJson
    const { name = usualName, version = '0.0.0', browser } = manifest
    if (name === undefined) return undefined
    const root = {
      folder,
      prefix: packageFolder(name, version),
      hasFileMap: typeof browser === 'object',
      mtimeNs,
    }
    byFolder.set(folder, root)
    if (known !== undefined) byPrefix.delete(known.prefix)
    if (!byPrefix.has(root.prefix)) byPrefix.set(root.prefix, root)
    return root
  }

  return {
    /** The package of a file. */
    of(file: string): PackageRoot {
      const end = file.lastIndexOf(INSTALLED) + INSTALLED.length
      const [, name] = (end >= INSTALLED.length && /^((?:@[^/]+\/)?[^/]+)\//.exec(file.slice(end))) || []
      let folder = name === undefined ? dirname(file) : file.slice(0, end) + name
      let root = read(folder, name)
      // In a workspace, the nearest package.json with a name.
      while (root === undefined) {
        const isTop = folder === dirname(folder)
        folder = isTop ? dirname(file) : dirname(folder)
        root = read(folder, isTop ? basename(folder) : undefined)
      }
      return root
    },
    /** The package that has a logical folder now. */
    at(prefix: string): PackageRoot | undefined {
      const known = byPrefix.get(prefix)
      const now = known && read(known.folder)
      return now?.prefix === prefix ? now : undefined
    },
  }
}

interface PackageJson {
  readonly name?: string
  readonly version?: string
  readonly browser?: unknown
}

function isRelative(specifier: string): boolean {
  return /^\.{1,2}\//.test(specifier)
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isUrl(specifier: string): boolean {
  return specifier.startsWith('/') || (/^[a-z][a-z0-9+.-]*:/i.test(specifier) && !/^node:/i.test(specifier))
}
