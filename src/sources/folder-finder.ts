import { realpathSync, statSync } from 'node:fs'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { comparePaths, isLogicalPath, type LogicalPath } from '../core/path.ts'
import {
  createTroubleError,
  describeObstacle,
  describeReadError,
  type FoundFile,
  fileStatOf,
  isWithin,
} from './entry.ts'
import type { Finder, FinderListing, SourceFile, SourceFolder } from './finder.ts'
import { createIgnore, type Ignore } from './ignore.ts'
import { explainSource } from './source.ts'
import { type WalkResult, walk } from './walk.ts'

export interface FolderFinderOptions extends SourceFolder {
  /** Globs applied after the defaults; see {@link createIgnore}. Default: none. */
  readonly ignore?: readonly string[]
  /** Files and folders after which listing fails. Default `LIMITS.listMaxEntries`. */
  readonly maxEntries?: number
}

/** Finds the files of one folder, which is read at every call. Links are followed if they stay inside it. */
export function createFolderFinder(options: FolderFinderOptions): Finder {
  const { folder, prefix, maxEntries = LIMITS.listMaxEntries } = options
  const source: SourceFolder = { folder, prefix }
  const ignore = createIgnore(options.ignore ?? [])
  return {
    source,
    async list() {
      const result = await walk(folder, { ignore, maxEntries }).catch(async (error: unknown) => {
        throw await explainSource(folder, error)
      })
      return toListing(result, source)
    },
    find(path) {
      if (!path.startsWith(prefix)) return undefined
      const found = findFile(path.slice(prefix.length), folder, ignore)
      return found && toSourceFile(found, source)
    },
  }
}

function toListing({ files, skipped, troubles }: WalkResult, source: SourceFolder): FinderListing {
  const byPath = (a: { readonly path: LogicalPath }, b: typeof a) => comparePaths(a.path, b.path)
  return {
    files: files.map((file) => toSourceFile(file, source)).sort(byPath),
    skipped: skipped
      .map(({ path, absolutePath, reason }) => ({ path: source.prefix + path, absolutePath, reason }))
      .sort(byPath),
    troubles: troubles
      .map(({ absolutePath, fault }) => ({ absolutePath, fault }))
      .sort((a, b) => comparePaths(a.absolutePath, b.absolutePath)),
  }
}

function toSourceFile({ path, absolutePath, stat }: FoundFile, source: SourceFolder): SourceFile {
  const { size, mtimeNs, ctimeNs, inode } = stat
  return { path: source.prefix + path, absolutePath, source, size, mtimeNs, ctimeNs, inode }
}

function findFile(path: LogicalPath, folder: string, ignore: Ignore): FoundFile | undefined {
  if (!isLogicalPath(path) || isIgnored(path, ignore)) return undefined
  const absolutePath = `${folder}/${path}`
  try {
    const target = realpathSync.native(absolutePath)
    if (!isWithin(target, realpathSync.native(folder))) return undefined
    const stats = statSync(target, { bigint: true })
    if (stats.isDirectory()) return undefined
    const fault = describeObstacle(absolutePath, stats)
    if (fault === undefined) return { path, absolutePath, stat: fileStatOf(stats) }
    throw createTroubleError([{ absolutePath, fault }])
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined
    if (error instanceof FingerpostError) throw error
    throw createTroubleError([{ absolutePath, fault: describeReadError(absolutePath, error) }])
  }
}

/** True if the file, or a folder on the way to it, is ignored. */
function isIgnored(path: LogicalPath, ignore: Ignore): boolean {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    if (ignore(path.slice(0, slash), 'folder')) return true
  }
  return ignore(path, 'file')
}
