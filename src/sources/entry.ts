import {
  type BigIntStats,
  closeSync,
  constants,
  type Dirent,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { FingerpostError, isSystemError } from '../core/error.ts'
import type { LogicalPath } from '../core/path.ts'
import type { FileStat, FileTrouble, Skipped } from './finder.ts'
import type { Ignore } from './ignore.ts'

/** A folder on the way down. Paths are relative to the source's folder, without prefix. */
export interface Folder {
  /** '' for the source's own folder, otherwise with a trailing slash. */
  readonly path: string
  readonly absolutePath: string
  /** The real paths of all folders on the way, this one last: one of them again is a loop. */
  readonly trail: readonly string[]
}

/** A file as found on disk. */
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
  /** Deleted since its folder was read. */
  | { readonly kind: 'gone' }

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

/** Examines one entry of a folder. Synchronous: the thread pool costs four times what a stat costs. */
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
    return trouble(place, describeReadError(place.absolutePath, error))
  }
}

/**
 * Why something can't be collected; undefined for a file that can be read.
 *
 * @throws the system's error for a file without read permission
 */
export function describeObstacle(absolutePath: string, stats: BigIntStats): string | undefined {
  if (!stats.isFile()) return kindOf(stats)
  if ((stats.mode & READABLE_BY_ALL) === READABLE_BY_ALL) return undefined
  // O_NONBLOCK: if the file became a FIFO since, opening it would block.
  closeSync(openSync(absolutePath, constants.O_RDONLY | constants.O_NONBLOCK))
  return undefined
}

/** The part of a stat that is kept: a whole one takes a kilobyte for each file. */
export function fileStatOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileStat {
  return { size: Number(size), mtimeNs, ctimeNs, inode: ino }
}

/** True for a real folder and every path below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** One error for everything that can't be collected. */
export function createTroubleError(troubles: readonly FileTrouble[]): FingerpostError {
  const count = troubles.length === 1 ? 'One file' : `${troubles.length} files`
  const lines = troubles.map(({ absolutePath, fault }) => `\n  ${absolutePath}: ${fault}`)
  return new FingerpostError('FP_FILE', `${count} can't be collected:${lines.join('')}`, {
    remedy: 'Repair or remove what is listed above, or leave it out with --ignore GLOB.',
    details: { files: troubles },
  })
}

/** What a system error means for one file or folder. Rethrows unknown ones. */
export function describeReadError(absolutePath: string, error: unknown): string {
  if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return `dangling link to ${linkText(absolutePath)}`
  if (isSystemError(error, 'ELOOP')) return `link loop: it points to ${linkText(absolutePath)} and back`
  if (isSystemError(error, 'EACCES', 'EPERM', 'EIO', 'ENAMETOOLONG')) return `unreadable (${error.code})`
  throw error
}

function linkText(absolutePath: string): string {
  try {
    return readlinkSync(absolutePath)
  } catch {
    return 'nothing'
  }
}

function examineLink(place: Place, folder: Folder, { root, ignore }: EntryContext): Examined {
  const target = realpathSync.native(place.absolutePath)
  if (!isWithin(target, root)) return skip(place, 'link-outside')
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
    return trouble({ path, absolutePath }, `link loop: it points to ${realFolder}, which contains it`)
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
