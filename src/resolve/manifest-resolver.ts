import { lazily } from '../core/lazy.ts'
import type { Manifest, ManifestAsset } from '../core/manifest/manifest.ts'
import type { LogicalPath } from '../core/path.ts'
import { isModuleKind } from '../core/reference/reference.ts'
import { createImportMap } from './import-map.ts'
import { createResolver, findEntry, pathIn, type Resolver } from './resolver.ts'
import { unknownName } from './unknown-name.ts'

/**
 * Answers from the manifest of a build.
 *
 * @param url the public URL of all files, ending with a slash. Default: the manifest's own
 */
export function createManifestResolver(manifest: Manifest, url: string = manifest.url): Resolver {
  const imported = lazily(() => importedBy(manifest))
  const wholeMap = lazily(() => createImportMap(manifest, resolver))
  // Of modules that request each other by names that do not exist.
  const needsImportMap = [...(manifest.importMap?.keys() ?? [])].some((key) => key.startsWith('./'))
  const resolver = createResolver(url, {
    has: (path) => manifest.assets.has(path),
    get: (path) => assetOf(manifest, path),
    isImported: (path) => imported().has(path),
  })
  return {
    ...resolver,
    entry: (name) => findEntry(name, manifest.entries ?? new Map(), { needsImportMap }),
    importMap: (entries) =>
      entries === undefined ? wholeMap() : createImportMap(manifest, resolver, entries),
  }
}

/** What any file imports or the import map names. */
function importedBy({ assets, importMap = new Map() }: Manifest): ReadonlySet<LogicalPath> {
  const paths = new Set<LogicalPath>()
  for (const name of importMap.values()) paths.add(pathIn(name, assets))
  for (const { references } of assets.values())
    for (const { path, kind } of references) if (isModuleKind(kind)) paths.add(path)
  return paths
}

/** @throws FingerpostError `FP_UNKNOWN_NAME` with the nearest names */
export function assetOf(manifest: Manifest, name: string): ManifestAsset {
  const asset = manifest.assets.get(name)
  if (asset !== undefined) return asset
  throw unknownName(name, manifest.assets, (nearest) => {
    const hint =
      nearest.length > 0
        ? `Did you mean ${nearest.join(', ')}?`
        : 'Names are relative to the sources, without a leading slash.'
    return {
      message: `${JSON.stringify(name)} is not in the manifest.`,
      remedy: `${hint} A new file needs a new build: fingerpost build`,
    }
  })
}
