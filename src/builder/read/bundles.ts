import type { BundleEntries } from '../../core/manifest/manifest.ts'
import { comparePaths, type LogicalPath } from '../../core/path.ts'
import type { Collection, SourceFolder } from '../../sources/finder.ts'
import { createMatcher } from '../../sources/ignore.ts'
import { readViteOutput } from './vite.ts'

/** What bundlers have made of the sources. */
export interface Bundles {
  /** Files that keep their names and bytes. */
  readonly prehashed: ReadonlySet<LogicalPath>
  readonly entries: BundleEntries
  /** Names that bundled modules request, which are not files, and the files they stand for under the import map. */
  readonly aliases: ReadonlyMap<LogicalPath, LogicalPath>
}

/**
 * Files that a bundler has hashed: those that match a glob, and those listed by a Vite manifest at the top of a source.
 * A glob without a slash matches names in any folder. Where two Vite manifests have the same entry, the one whose files come
 * first in order of path counts.
 *
 * @throws FingerpostError `FP_SOURCE` for a Vite manifest that cannot be read
 */
export async function findBundles({ files }: Collection, globs: readonly string[]): Promise<Bundles> {
  const isPrehashed = createMatcher(globs)
  const prehashed = new Set<LogicalPath>()
  const entries = new Map<string, readonly LogicalPath[]>()
  const aliases = new Map<LogicalPath, LogicalPath>()
  const sources = new Set<SourceFolder>()
  for (const { path, source } of files.values()) {
    sources.add(source)
    if (isPrehashed(path)) prehashed.add(path)
  }
  for (const source of sources) {
    const vite = await readViteOutput(source.folder)
    if (vite === undefined) continue
    const isThere = (path: LogicalPath) => files.get(path)?.source === source
    for (const [name, file] of vite.aliases) {
      if (isThere(source.prefix + file)) aliases.set(source.prefix + name, source.prefix + file)
    }
    const locate = (names: readonly LogicalPath[]) =>
      names.map((name) => source.prefix + name).filter(isThere)
    for (const path of locate(vite.files)) prehashed.add(path)
    for (const [name, needs] of vite.entries) {
      const paths = locate(needs)
      if (paths.length === needs.length && !entries.has(name)) entries.set(name, paths)
    }
  }
  return { prehashed, aliases, entries: new Map([...entries].sort(([a], [b]) => comparePaths(a, b))) }
}
