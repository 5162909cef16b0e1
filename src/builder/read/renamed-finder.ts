import { comparePaths, type LogicalPath } from '../../core/path.ts'
import type { Finder, SourceFile } from '../../sources/finder.ts'
import { createMatcher } from '../../sources/ignore.ts'
import type { BuildConfig } from '../settings/options.ts'
import type { TransformOption } from '../settings/transform.ts'

/** The options that decide which transforms a file goes through. */
export type TransformConfig = Pick<BuildConfig, 'transform' | 'prehashed'>

/** What becomes of a file. */
export interface TransformPlan {
  /** Its path afterwards. */
  readonly path: LogicalPath
  /** The transforms, each with the path that the file has by then. */
  readonly steps: readonly { readonly path: LogicalPath; readonly transform: TransformOption }[]
}

/** Plans by path, before any transform. */
export function createTransformPlanner({
  transform,
  prehashed,
}: TransformConfig): (path: LogicalPath) => TransformPlan {
  if (transform.length === 0) return (path) => ({ path, steps: [] })
  const isPrehashed = createMatcher(prehashed)
  const all = transform.map((each) => ({ each, matches: createMatcher(each.match) }))
  return (origin) => {
    let path = origin
    const steps: { path: LogicalPath; transform: TransformOption }[] = []
    for (const { each, matches } of isPrehashed(origin) ? [] : all) {
      if (!matches(path)) continue
      steps.push({ path, transform: each })
      path = replaceExtension(path, Object.entries(each.rename ?? {}))
    }
    return { path, steps }
  }
}

/** A finder of the files as they are named after all transforms. Bytes and stats stay those on disk. */
export function withRenames(finder: Finder, config: TransformConfig): Finder {
  const renames = config.transform.flatMap(({ rename = {} }) => Object.entries(rename))
  if (renames.length === 0) return finder
  const planFor = createTransformPlanner(config)
  const rename = (file: SourceFile): SourceFile => {
    const { path } = planFor(file.path)
    return path === file.path ? file : { ...file, path, origin: file.path }
  }
  /** Paths that may become this one, itself first. */
  const originsOf = (path: LogicalPath) => {
    const origins = new Set([path])
    // The loop also visits what it adds.
    for (const each of origins) {
      for (const [from, to] of renames) {
        if (each.endsWith(to)) origins.add(each.slice(0, -to.length) + from)
      }
    }
    return [...origins].filter((origin) => planFor(origin).path === path)
  }
  return {
    source: finder.source,
    async list() {
      const { files, troubles, ...rest } = await finder.list()
      const renamed = files.map(rename).sort((a, b) => comparePaths(a.path, b.path))
      const paths = new Map<LogicalPath, SourceFile>()
      const doubles = renamed.flatMap((file) => {
        const { absolutePath } = paths.get(file.path) ?? file
        paths.set(file.path, file)
        if (absolutePath === file.absolutePath) return []
        return { absolutePath: file.absolutePath, fault: `becomes ${file.path}, as ${absolutePath} is` }
      })
      return { ...rest, files: renamed, troubles: [...troubles, ...doubles] }
    },
    find(path) {
      for (const origin of originsOf(path)) {
        const file = finder.find(origin)
        if (file !== undefined) return rename(file)
      }
      return undefined
    },
  }
}

function replaceExtension(
  path: LogicalPath,
  renames: readonly (readonly [from: string, to: string])[],
): LogicalPath {
  const [from, to = ''] = renames.find(([each]) => path.endsWith(each)) ?? ['']
  return from === '' ? path : path.slice(0, -from.length) + to
}
