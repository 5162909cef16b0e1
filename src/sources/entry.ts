import {
  type BigIntStats,
  closeSync,
  constants,
  type Dirent,
  openSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { isSystemError } from '../core/error.ts'
import type { LogicalPath } from '../core/path.ts'
import type { FileStat, Skipped } from './finder.ts'
import type { Ignore } from './ignore.ts'
import { describeFault } from './trouble.ts'

/** A folder on the way down. Paths are relative to the source's folder, without prefix. */
export interface Folder {
  /** '' for the source's own folder, otherwise with a slash at its end. */
  readonly path: string
  readonly absolutePath: string
  /** The real paths of all folders passed on the way, this one last: meeting one of them again is a loop. */
  readonly trail: readonly string[]
}

/** A file as the disk tells of it. */
export interface FoundFile {
  readonly path: LogicalPath
  readonly absolutePath: string
  readonly stat: FileStat
}

/** What an entry of a folder turned out to be. */
export type Examined =
  | ({ readonly kind: 'file' } & FoundFile)
  | ({ readonly kind: 'folder' } & Folder)
  | ({ readonly kind: 'skipped' } & Skipped)
  | { readonly kind: 'trouble'; readonly absolutePath: string; readonly fault: string }
  /** Deleted since its folder was read: as if it had never been there. */
  | { readonly kind: 'gone' }

/** What {@link examineEntry} needs to know. */
export interface EntryContext {
  /** The real path of the source's folder. */
  readonly root: string
  readonly ignore: Ignore
}

interface Place {
  readonly path: LogicalPath
  readonly absolutePath: string
}

const READABLE_BY_ALL = 0o444n

/**
 * Looks at one entry of a folder. Synchronous: the way through the thread pool costs four times what a stat costs, and a
 * build that finds nothing changed does little else.
 */
export function examineEntry(entry: Dirent, folder: Folder, context: EntryContext): Examined {
  const place = { path: folder.path + entry.name, absolutePath: `${folder.absolutePath}/${entry.name}` }
  if (context.ignore(place.path, entry.isDirectory() ? 'folder' : 'file')) return skip(place, 'ignored')
  if (entry.isDirectory()) return enter(place, `${folder.trail.at(-1)}/${entry.name}`, folder)
  try {
    if (entry.isSymbolicLink()) return examineLink(place, folder, context)
    if (entry.isFile()) return asFile(place, statSync(place.absolutePath, { bigint: true }))
    return trouble(place, kindOf(entry))
  } catch (error) {
    if (isSystemError(error, 'ENOENT') && !entry.isSymbolicLink()) return { kind: 'gone' }
    return trouble(place, describeFault(place.absolutePath, error))
  }
}

/**
 * Why something whose stats are known can't be collected; undefined for a file that can be read. Unless everybody may
 * read it, that is tried, and the system's refusal thrown.
 */
export function describeObstacle(absolutePath: string, stats: BigIntStats): string | undefined {
  if (!stats.isFile()) return kindOf(stats)
  if ((stats.mode & READABLE_BY_ALL) === READABLE_BY_ALL) return undefined
  // O_NONBLOCK: should the file have become a FIFO since, opening it would wait for ever.
  closeSync(openSync(absolutePath, constants.O_RDONLY | constants.O_NONBLOCK))
  return undefined
}

/** The little of a stat that is kept: a whole one takes a kilobyte, and a site has as many as files. */
export function fileStatOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileStat {
  return { size: Number(size), mtimeNs, ctimeNs, inode: ino }
}

/** True for a path in a folder or the folder itself; both real. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

function examineLink(place: Place, folder: Folder, { root, ignore }: EntryContext): Examined {
  const target = realpathSync.native(place.absolutePath)
  if (!isInside(target, root)) return skip(place, 'link-outside')
  const stats = statSync(place.absolutePath, { bigint: true })
  if (!stats.isDirectory()) return asFile(place, stats)
  return ignore(place.path, 'folder') ? skip(place, 'ignored') : enter(place, target, folder)
}

function asFile(place: Place, stats: BigIntStats): Examined {
  const fault = describeObstacle(place.absolutePath, stats)
  return fault === undefined ? { kind: 'file', ...place, stat: fileStatOf(stats) } : trouble(place, fault)
}

function enter({ path, absolutePath }: Place, realFolder: string, { trail }: Folder): Examined {
  if (trail.includes(realFolder)) {
    return trouble({ path, absolutePath }, `link loop: it leads to ${realFolder}, which contains it`)
  }
  return { kind: 'folder', path: `${path}/`, absolutePath, trail: [...trail, realFolder] }
}

function skip(place: Place, reason: Skipped['reason']): Examined {
  return { kind: 'skipped', ...place, reason }
}

function trouble({ absolutePath }: Place, fault: string): Examined {
  return { kind: 'trouble', absolutePath, fault }
}

function kindOf(
  entry: Pick<Dirent, 'isFIFO' | 'isSocket' | 'isCharacterDevice' | 'isBlockDevice' | 'isDirectory'>,
): string {
  if (entry.isFIFO()) return 'a FIFO, not a file'
  if (entry.isSocket()) return 'a socket, not a file'
  if (entry.isCharacterDevice() || entry.isBlockDevice()) return 'a device, not a file'
  return entry.isDirectory() ? 'a folder, not a file' : 'neither a file nor a folder'
}
