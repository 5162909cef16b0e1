import { collect } from '../find/collect.ts'
import type { Collection } from '../find/finder.ts'
import { createFolderFinder } from '../find/folder-finder.ts'
import { locateSources } from '../find/source.ts'
import type { BuildConfig } from './options.ts'

/** Lists every source and decides who wins. */
export async function collectSources(config: BuildConfig): Promise<Collection> {
  const sources = await locateSources(config.sources, { cwd: config.cwd, out: config.out })
  return collect(sources.map((source) => createFolderFinder({ ...source, ignore: config.ignore })))
}
