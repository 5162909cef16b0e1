import { FingerpostError } from '../core/error.ts'
import { lazily } from '../core/lazy.ts'
import type { Manifest, ManifestAsset } from '../core/manifest/manifest.ts'
import { nearestNames } from '../core/nearest.ts'
import { encodePath, type LogicalPath } from '../core/path.ts'
import { isModuleKind, splitSuffix } from '../core/reference/reference.ts'
import { isModuleAlone } from './module-kind.ts'
import type { Resolver } from './resolver.ts'

/**
 * Answers from the manifest of a build.
 *
 * @param url where the files appear to browsers, ending with a slash; default the manifest's own
 */
export function createManifestResolver(manifest: Manifest, url: string = manifest.url): Resolver {
  // A file may have `?` or `#` in its name: what is a name as it stands is no name with a suffix.
  const split = (name: string) =>
    manifest.assets.has(name) ? { specifier: name, suffix: '' } : splitSuffix(name)
  const imported = lazily(() => importedBy(manifest))
  return {
    url,
    resolve(name) {
      const { specifier, suffix } = split(name)
      return url + encodePath(assetOf(manifest, specifier).file) + suffix
    },
    integrity: (name) => assetOf(manifest, split(name).specifier).integrity,
    describe(name) {
      const { specifier: path } = split(name)
      const { file, type, integrity, references } = assetOf(manifest, path)
      return { path, url: url + encodePath(file), type, integrity, references }
    },
    isModule(name) {
      const { specifier: path } = split(name)
      return isModuleAlone(path, assetOf(manifest, path).references) || imported().has(path)
    },
  }
}

/** What is imported anywhere, or has a name in the import map. */
function importedBy({ assets, importMap = new Map() }: Manifest): ReadonlySet<LogicalPath> {
  const paths = new Set<LogicalPath>()
  for (const name of importMap.values()) paths.add(assets.has(name) ? name : splitSuffix(name).specifier)
  for (const { references } of assets.values())
    for (const { path, kind } of references) if (isModuleKind(kind)) paths.add(path)
  return paths
}

/** @throws FingerpostError `FP_UNKNOWN_NAME` with the nearest names */
export function assetOf(manifest: Manifest, name: string): ManifestAsset {
  const asset = manifest.assets.get(name)
  if (asset !== undefined) return asset
  const nearest = nearestNames(name, manifest.assets.keys())
  throw new FingerpostError('FP_UNKNOWN_NAME', `${JSON.stringify(name)} is not in the manifest.`, {
    remedy:
      nearest.length > 0
        ? `Did you mean ${nearest.join(', ')}? A new file needs a new build: fingerpost build`
        : 'Names are relative to the sources, without a leading slash. A new file needs a new build: fingerpost build',
    details: { name, nearest },
  })
}
