import { FingerpostError } from '../../core/error.ts'
import type { ImportMapNames } from '../../core/manifest/manifest.ts'
import { nearestNames } from '../../core/nearest.ts'
import { comparePaths, decodePath, encodePath, extensionOf, type LogicalPath } from '../../core/path.ts'
import type { PublicUrl } from '../../core/public-url.ts'
import type { BuildConfig } from '../settings/options.ts'

/** The input of {@link createImportMapNames}. */
export interface ImportMapInput {
  readonly paths: Iterable<LogicalPath>
  readonly moduleUrls: ReadonlyMap<string, string>
  /** See `Bundles`. */
  readonly aliases: ReadonlyMap<LogicalPath, LogicalPath>
  readonly config: Pick<BuildConfig, 'url' | 'importMap' | 'modules'>
}

/**
 * The import map of a manifest: the bare specifiers of the option `importMap`, names that bundled modules request, and,
 * with `modules: 'import-map'`, every URL that requests a module. Folders are expanded: a browser looks a specifier up once, so an entry for a folder would
 * never reach hashed names.
 *
 * @throws FingerpostError `FP_CONFIG` for a specifier without a target
 */
export function createImportMapNames({ paths, moduleUrls, aliases, config }: ImportMapInput): ImportMapNames {
  const { importMap, modules, url } = config
  const isEmpty = Object.keys(importMap).length + aliases.size === 0
  if (modules !== 'import-map' && isEmpty) return new Map()
  const all = [...paths]
  const names = new Map<string, string>()
  for (const [specifier, target] of Object.entries(importMap)) {
    for (const [key, name] of expand(specifier, target, all)) names.set(key, name)
  }
  if (modules === 'import-map') {
    for (const path of all.filter((each) => isType(each, '.js', '.mjs'))) {
      names.set(`./${encodePath(path)}`, path)
    }
    for (const [requested, name] of moduleUrls) names.set(relativeTo(requested, url), name)
  }
  for (const [name, path] of aliases) names.set(`./${encodePath(name)}`, path)
  return new Map([...names].sort(([a], [b]) => comparePaths(a, b)))
}

/** The logical path that a bare specifier is mapped to; the longest folder wins (HTML §8.1.6.2). */
export function mappedPath(specifier: string, importMap: BuildConfig['importMap']): LogicalPath | undefined {
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
