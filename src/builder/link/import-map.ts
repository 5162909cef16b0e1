import { FingerpostError } from '../../core/error.ts'
import type { ImportMapScopes, Manifest } from '../../core/manifest/manifest.ts'
import { nearestNames } from '../../core/nearest.ts'
import {
  comparePaths,
  decodePath,
  encodePath,
  extensionOf,
  folderOf,
  type LogicalPath,
  packageFolderOf,
} from '../../core/path.ts'
import type { PublicUrl } from '../../core/public-url.ts'
import type { Collection } from '../../sources/finder.ts'
import type { BuildConfig } from '../settings/options.ts'
import type { PackageImport } from './package-link.ts'

/** The input of {@link createImportMapNames}. */
export interface ImportMapInput {
  readonly paths: Iterable<LogicalPath>
  readonly moduleUrls: ReadonlyMap<string, string>
  /** See `Bundles`. */
  readonly aliases: ReadonlyMap<LogicalPath, LogicalPath>
  readonly packageImports: readonly PackageImport[]
  readonly config: Pick<BuildConfig, 'url' | 'importMap' | 'modules'>
}

/** The import map of a manifest. */
export type ImportMapParts = Required<Pick<Manifest, 'importMap' | 'importMapScopes'>>

/**
 * The import map of a manifest: the bare specifiers of the option `importMap`, those of npm packages, names that bundled
 * modules request, and with `modules: 'import-map'` every URL that requests a module. Folders are expanded: a browser
 * looks a specifier up once, so an entry for a folder would never reach hashed names.
 *
 * @throws FingerpostError `FP_CONFIG` for a specifier without a target
 */
export function createImportMapNames(input: ImportMapInput): ImportMapParts {
  const { paths, moduleUrls, aliases, packageImports, config } = input
  const { modules, url } = config
  const all = [...paths]
  const names = new Map<string, string>()
  for (const [specifier, target] of Object.entries(config.importMap.specifiers)) {
    for (const [key, name] of expand(specifier, target, all)) names.set(key, name)
  }
  if (modules === 'import-map') {
    for (const path of all.filter((each) => isType(each, '.js', '.mjs'))) {
      names.set(`./${encodePath(path)}`, path)
    }
  }
  for (const [name, path] of aliases) names.set(`./${encodePath(name)}`, path)
  for (const [requested, name] of moduleUrls) names.set(relativeTo(requested, url), name)
  const importMapScopes = addPackageImports(names, packageImports)
  return { importMap: new Map([...names].sort(([a], [b]) => comparePaths(a, b))), importMapScopes }
}

/**
 * Adds what packages are called to the names for all files. Where a specifier means something else, as with two versions
 * of one package, it gets a scope.
 */
function addPackageImports(names: Map<string, string>, imports: readonly PackageImport[]): ImportMapScopes {
  const scopes = new Map<string, Map<string, string>>()
  const meaning = (scope: string, specifier: string) => {
    const around = [...scopes].filter(([path, own]) => scope.startsWith(path) && own.has(specifier))
    // A browser takes the longest scope first (HTML §8.1.6.2).
    const [nearest] = around.sort(([a], [b]) => b.length - a.length)
    return nearest === undefined ? names.get(specifier) : nearest[1].get(specifier)
  }
  for (const { scope, specifier, name } of inOrderOfScope(imports)) {
    if (!names.has(specifier)) names.set(specifier, name)
    if (meaning(scope, specifier) === name) continue
    const own = scopes.get(scope) ?? new Map<string, string>()
    scopes.set(scope, own.set(specifier, name))
  }
  return new Map([...scopes].sort(([a], [b]) => comparePaths(a, b)))
}

/** Each specifier of a scope once: sources before packages, outer folders before inner ones. */
function inOrderOfScope(imports: readonly PackageImport[]) {
  const scoped = imports.map(({ from, ...rest }) => {
    const prefix = packageFolderOf(from)
    return { scope: prefix ?? folderOf(from), isPackage: prefix !== undefined, ...rest }
  })
  const unique = new Map(scoped.map((each) => [`${each.scope}\n${each.specifier}`, each]))
  return [...unique.values()].sort(
    (a, b) =>
      Number(a.isPackage) - Number(b.isPackage) ||
      a.scope.length - b.scope.length ||
      comparePaths(a.scope, b.scope) ||
      comparePaths(a.specifier, b.specifier),
  )
}

/**
 * Configured packages that no module imports: pages may.
 *
 * @throws FingerpostError `FP_CONFIG` for one that can't be resolved
 */
export function importUnused({ packages }: Collection): readonly PackageImport[] {
  return (packages?.unused() ?? []).map(({ specifier, target }) => {
    if ('path' in target) return { from: '', specifier, name: target.path }
    const message = `importMap.packages has ${JSON.stringify(specifier)}, which ${target.refusal}`
    throw new FingerpostError('FP_CONFIG', message, { details: { specifier } })
  })
}

/** The logical path that a bare specifier is mapped to; the longest folder wins (HTML §8.1.6.2). */
export function mappedPath(
  specifier: string,
  importMap: BuildConfig['importMap']['specifiers'],
): LogicalPath | undefined {
  const exact = importMap[specifier]
  if (exact !== undefined) return exact
  const [folder] = Object.keys(importMap)
    .filter((key) => key.endsWith('/') && specifier.startsWith(key))
    .sort((a, b) => b.length - a.length)
  const target = folder === undefined ? undefined : importMap[folder]
  if (folder === undefined || target === undefined) return undefined
  return `${target.replace(/\/?$/, '/')}${decodePath(specifier.slice(folder.length))}`
}

/** A URL below the public one, relative to it: the app that serves the build may mount it elsewhere. */
function relativeTo(url: string, { href }: PublicUrl): string {
  return url.startsWith(href) ? `./${url.slice(href.length)}` : url
}

function expand(
  specifier: string,
  target: string,
  paths: readonly LogicalPath[],
): readonly (readonly [string, LogicalPath])[] {
  if (!specifier.endsWith('/')) {
    if (paths.includes(target)) return [[specifier, target]]
    throw unknownTarget(specifier, target, nearestNames(target, paths))
  }
  const folder = target.endsWith('/') ? target : `${target}/`
  // Scripts, and styles and data with an import attribute.
  const modules = paths.filter((path) => isType(path, '.js', '.mjs', '.json', '.css', '.wasm'))
  const found = modules.filter((path) => path.startsWith(folder))
  if (found.length === 0) throw unknownTarget(specifier, target, [])
  return found.map((path) => [specifier + encodePath(path.slice(folder.length)), path])
}

function isType(path: LogicalPath, ...extensions: readonly string[]): boolean {
  return extensions.includes(extensionOf(path))
}

function unknownTarget(specifier: string, target: string, nearest: readonly string[]): FingerpostError {
  const message = `importMap[${JSON.stringify(specifier)}] is ${JSON.stringify(target)}, which is not in any source.`
  const remedy =
    nearest.length > 0
      ? `Did you mean ${nearest.join(', ')}?`
      : 'Write the logical path of a file, or of a folder.'
  return new FingerpostError('FP_CONFIG', message, { remedy, details: { specifier, target, nearest } })
}
