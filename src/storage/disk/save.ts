import {
  chmodSync,
  closeSync,
  fchmodSync,
  fstatSync,
  fsync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { isSystemError } from '../../core/error.ts'
import { fileNameOf, folderOf } from '../../core/path.ts'
import { replaced } from '../fault.ts'
import { temporaryKeyFor, tryKeys } from '../key.ts'
import type { Content, MoveOptions, SavedFile, SaveOptions } from '../storage.ts'
import { type Held, hold } from './link-guard.ts'
import { validatorOf } from './walk.ts'

/** A folder that is written to. */
export interface Target {
  readonly root: string
  /** Permissions of files, whatever the umask. */
  readonly fileMode: number
  /** Permissions of folders that are made. */
  readonly folderMode: number
}

/** Writes a temporary file beside the final one, flushes it and renames it; a failure leaves nothing. */
export async function saveFile(
  target: Target,
  key: string,
  content: Content,
  options: SaveOptions,
): Promise<SavedFile> {
  const folder = holdFolder(target, folderOf(key))
  const temporary = join(folder.path, fileNameOf(temporaryKeyFor(key)))
  try {
    const size =
      content instanceof Uint8Array && content.length <= SYNC_MAX_BYTES
        ? await writeSmall(temporary, content, target.fileMode)
        : await writeLarge(temporary, content, target.fileMode)
    return { key: await giveName(folder, temporary, key, options), size }
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  } finally {
    folder.close()
  }
}

/** Renames a file. */
export async function moveFile(
  target: Target,
  from: string,
  to: string,
  options: MoveOptions,
): Promise<SavedFile> {
  const source = hold(target.root, folderOf(from))
  try {
    const path = join(source.path, fileNameOf(from))
    const found = lstatSync(path)
    const validator = validatorOf(found)
    if ((options.validator ?? validator) !== validator) throw replaced(`folder ${target.root}`, from)
    const folder = holdFolder(target, folderOf(to))
    try {
      return { key: await giveName(folder, path, to, options), size: found.size }
    } finally {
      folder.close()
    }
  } finally {
    source.close()
  }
}

/** Gives a file its name, or the first free one. */
async function giveName(folder: Held, path: string, key: string, options: SaveOptions): Promise<string> {
  const pathOf = (candidate: string) => join(folder.path, fileNameOf(candidate))
  if (options.overwrite === true) {
    renameSync(path, pathOf(key))
    return key
  }
  return tryKeys(key, options, async (candidate) => {
    renameNew(path, pathOf(candidate))
    return candidate
  })
}

/** A link fails if the name is taken, which no rename does: two writers can't both believe they were first. */
function renameNew(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if (!isSystemError(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK')) throw error
    // A filesystem without hard links (FAT, some mounts): a gap between two steps is the best there is.
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined)
      throw Object.assign(new Error('EEXIST: file already exists'), { code: 'EEXIST' })
    renameSync(from, to)
    return
  }
  rmSync(from)
}

/** Holds a folder, which is made if it's missing. */
function holdFolder(target: Target, folder: string): Held {
  const { root, folderMode } = target
  try {
    return hold(root, folder)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
  if (folder === '') {
    makeFolders(root, folderMode)
    return hold(root, folder)
  }
  const path = folder.slice(0, -1)
  const parent = holdFolder(target, folderOf(path))
  try {
    makeFolders(join(parent.path, fileNameOf(path)), folderMode)
  } finally {
    parent.close()
  }
  return hold(root, folder)
}

function makeFolders(path: string, folderMode: number): void {
  const first = mkdirSync(path, { recursive: true }) ?? `${path}/`
  for (let made = path; made.length >= first.length; made = dirname(made))
    setMode(statSync(made), folderMode, (mode) => chmodSync(made, mode))
}

/**
 * Undoes what the umask took. A folder keeps the setgid bit it inherited. If the filesystem refuses (DrvFs, CIFS, exFAT),
 * permissions are the mount's business.
 */
function setMode(stats: Stats, mode: number, change: (mode: number) => void): void {
  const wanted = stats.isDirectory() ? mode | (stats.mode & 0o2000) : mode
  if ((stats.mode & 0o7777) === wanted) return
  try {
    change(wanted)
  } catch (error) {
    if (!isSystemError(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EINVAL')) throw error
  }
}

/** Content up to this many bytes is written synchronously: five trips through the thread pool cost far more. */
const SYNC_MAX_BYTES = 64 * 1024

async function writeSmall(path: string, content: Uint8Array, mode: number): Promise<number> {
  const descriptor = openSync(path, 'wx', mode)
  try {
    for (let done = 0; done < content.length; ) done += writeSync(descriptor, content, done)
    setMode(fstatSync(descriptor), mode, (wanted) => fchmodSync(descriptor, wanted))
    // Flushing is the slow part, and the one that others can work beside.
    await flush(descriptor)
    return content.length
  } finally {
    closeSync(descriptor)
  }
}

async function writeLarge(path: string, content: Content, mode: number): Promise<number> {
  const file = await open(path, 'wx', mode)
  try {
    if (content instanceof Uint8Array) await file.writeFile(content)
    else for await (const chunk of content) await file.writeFile(chunk)
    const stats = fstatSync(file.fd)
    setMode(stats, mode, (wanted) => fchmodSync(file.fd, wanted))
    await flush(file.fd)
    return stats.size
  } finally {
    await file.close()
  }
}

const fsyncAsync = promisify(fsync)

/** By descriptor: under Yarn PnP a FileHandle has no sync(). */
async function flush(descriptor: number): Promise<void> {
  try {
    await fsyncAsync(descriptor)
  } catch (error) {
    // Some network and user-space filesystems have no fsync; their rename is all there is.
    if (!isSystemError(error, 'EINVAL', 'ENOTSUP', 'ENOSYS')) throw error
  }
}
