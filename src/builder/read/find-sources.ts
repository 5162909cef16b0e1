import { collect } from '../../sources/collect.ts'
import type { Collection } from '../../sources/finder.ts'
import { createFolderFinder } from '../../sources/folder-finder.ts'
import { locateSources } from '../../sources/source.ts'
import type { BuildConfig } from '../settings/options.ts'

/** Lists every source and decides who wins. */
export async function collectSources(config: BuildConfig): Promise<Collection> {
  const sources = await locateSources(config.sources, { cwd: config.cwd, out: config.out })
  return collect(sources.map((source) => createFolderFinder({ ...source, ignore: config.ignore })))
}
