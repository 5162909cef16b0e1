import { FingerpostError } from '../../core/error.ts'
import type { ImportMapNames } from '../../core/manifest/manifest.ts'
import { nearestNames } from '../../core/nearest.ts'
import { comparePaths, encodePath, extensionOf, type LogicalPath } from '../../core/path.ts'
import type { PublicUrl } from '../../core/public-url.ts'
import type { BuildConfig } from '../settings/options.ts'

/** What an import map is made from. */
export interface ImportMapInput {
  readonly paths: Iterable<LogicalPath>
  readonly moduleUrls: ReadonlyMap<string, string>
  readonly config: Pick<BuildConfig, 'url' | 'importMap' | 'modules'>
}

/**
 * The import map a manifest carries: the bare specifiers of the option `importMap` and, under `modules: 'import-map'`,
 * every URL a module may be asked for by. Folders are spelled out: a browser looks a specifier up once, so that what a
 * folder's entry leads to would never find its hashed name.
 *
 * @throws FingerpostError `FP_CONFIG` for a specifier that stands for nothing
 */
export function createImportMapNames({ paths, moduleUrls, config }: ImportMapInput): ImportMapNames {
  const { importMap, modules } = config
  if (modules !== 'import-map' && Object.keys(importMap).length === 0) return new Map()
  const all = [...paths]
  const modulePaths = all.filter((path) => ['.js', '.mjs'].includes(extensionOf(path)))
  const names = new Map<string, string>()
  for (const [specifier, target] of Object.entries(importMap)) {
    for (const [key, name] of expand(specifier, target, all)) names.set(key, name)
  }
  if (modules === 'import-map') {
    for (const path of modulePaths) names.set(`./${encodePath(path)}`, path)
    for (const [url, name] of moduleUrls) names.set(relativeTo(url, config.url), name)
  }
  return new Map([...names].sort(([a], [b]) => comparePaths(a, b)))
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
  const found = paths.filter((path) => path.startsWith(folder) && isModule(path))
  if (found.length === 0) throw unknownTarget(specifier, target, [])
  return found.map((path) => [specifier + encodePath(path.slice(folder.length)), path])
}

/** What a module may import: scripts, and styles and data with an attribute. */
function isModule(path: LogicalPath): boolean {
  return ['.js', '.mjs', '.json', '.css', '.wasm'].includes(extensionOf(path))
}

function unknownTarget(specifier: string, target: string, nearest: readonly string[]): FingerpostError {
  const message = `importMap[${JSON.stringify(specifier)}] is ${JSON.stringify(target)}, which no source has.`
  const remedy =
    nearest.length > 0
      ? `Did you mean ${nearest.join(', ')}?`
      : 'Write the logical path of a file, or of a folder.'
  return new FingerpostError('FP_CONFIG', message, { remedy, details: { specifier, target, nearest } })
}
