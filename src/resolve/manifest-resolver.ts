import { FingerpostError } from '../core/error.ts'
import type { Manifest, ManifestAsset } from '../core/manifest.ts'
import { nearestNames } from '../core/nearest.ts'
import { encodePath } from '../core/path.ts'
import { splitSuffix } from '../core/reference.ts'
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
  }
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
