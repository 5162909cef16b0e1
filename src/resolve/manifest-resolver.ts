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
  return {
    url,
    resolve(name) {
      const { specifier, suffix } = splitSuffix(name)
      return url + encodePath(assetOf(manifest, specifier).file) + suffix
    },
    integrity: (name) => assetOf(manifest, splitSuffix(name).specifier).integrity,
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
