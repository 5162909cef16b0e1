import { realpathSync, statSync } from 'node:fs'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { comparePaths, isLogicalPath, type LogicalPath } from '../core/path.ts'
import { describeObstacle, type FoundFile, fileStatOf, isInside } from './entry.ts'
import type { Finder, FinderListing, SourceFile, SourceFolder } from './finder.ts'
import { createIgnore, type Ignore } from './ignore.ts'
import { explainSource } from './source.ts'
import { createTroubleError, describeFault } from './trouble.ts'
import { walk } from './walk.ts'

/** What a folder finder looks at. */
export interface FolderFinderOptions extends SourceFolder {
  /** Globs asked after the defaults; see {@link createIgnore}. Default: none. */
  readonly ignore?: readonly string[]
  /** Files and folders before listing gives up. Default `LIMITS.listMaxEntries`. */
  readonly maxEntries?: number
}

/**
 * Finds the files of one folder. Links are followed as long as they stay inside it; files are never opened.
 *
 * The folder is read at every call, nothing is remembered.
 */
export function createFolderFinder(options: FolderFinderOptions): Finder {
  const { folder, prefix, maxEntries = LIMITS.listMaxEntries } = options
  const source: SourceFolder = { folder, prefix }
  const ignore = createIgnore(options.ignore ?? [])
  return {
    source,
    async list() {
      const findings = await walk(folder, { ignore, maxEntries }).catch(async (error: unknown) => {
        throw await explainSource(folder, error)
      })
      return toListing(findings, source)
    },
    find(path) {
      if (!path.startsWith(prefix)) return undefined
      const found = findFile(path.slice(prefix.length), folder, ignore)
      return found && toSourceFile(found, source)
    },
  }
}

function toListing(findings: Awaited<ReturnType<typeof walk>>, source: SourceFolder): FinderListing {
  const files = findings.files.map((file) => toSourceFile(file, source))
  const skipped = findings.skipped.map((entry) => ({ ...entry, path: source.prefix + entry.path }))
  return {
    files: files.sort((a, b) => comparePaths(a.path, b.path)),
    skipped: skipped.sort((a, b) => comparePaths(a.path, b.path)),
    troubles: findings.troubles.sort((a, b) => comparePaths(a.absolutePath, b.absolutePath)),
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
    if (!isInside(target, realpathSync.native(folder))) return undefined
    const stats = statSync(target, { bigint: true })
    if (stats.isDirectory()) return undefined
    const fault = describeObstacle(absolutePath, stats)
    if (fault === undefined) return { path, absolutePath, stat: fileStatOf(stats) }
    throw createTroubleError([{ absolutePath, fault }])
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined
    if (error instanceof FingerpostError) throw error
    throw createTroubleError([{ absolutePath, fault: describeFault(absolutePath, error) }])
  }
}

/** True if the file, or a folder on the way to it, is ignored. */
function isIgnored(path: LogicalPath, ignore: Ignore): boolean {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    if (ignore(path.slice(0, slash), 'folder')) return true
  }
  return ignore(path, 'file')
}
