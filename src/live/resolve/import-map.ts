import { createImportMapNames } from '../../builder/link/import-map.ts'
import type { BuildConfig } from '../../builder/settings/options.ts'
import { extensionOf, type LogicalPath } from '../../core/path.ts'
import type { ImportMapSource } from '../../resolve/import-map.ts'
import type { LiveAssets } from './assets.ts'

/** The sources that are to be told of. */
export interface LiveSources {
  readonly config: BuildConfig
  readonly assets: Pick<LiveAssets, 'find'>
  /** Every name there is. */
  readonly names: () => Iterable<LogicalPath>
}

/**
 * What an import map is made from, without a build.
 *
 * @throws FingerpostError `FP_CONFIG` for a specifier that stands for nothing
 */
export function describeSources({ config, assets, names }: LiveSources): ImportMapSource {
  const moduleUrls = config.modules === 'import-map' ? findModuleUrls(assets, names()) : new Map()
  const get = (path: LogicalPath) => assets.find(path)?.asset
  return {
    importMap: createImportMapNames({ paths: names(), moduleUrls, config }),
    assets: { get, has: (path) => get(path) !== undefined, keys: names },
  }
}

/** Only the modules themselves tell by which URLs they ask for each other. */
function findModuleUrls(
  assets: LiveSources['assets'],
  names: Iterable<LogicalPath>,
): ReadonlyMap<string, string> {
  const all = new Map<string, string>()
  for (const name of names) {
    if (!['.js', '.mjs'].includes(extensionOf(name))) continue
    for (const [url, target] of assets.find(name)?.moduleUrls ?? []) all.set(url, target)
  }
  return all
}
