import { randomUUID } from 'node:crypto'
import { closeSync, constants, fchmodSync, fstatSync, fsync, openSync, renameSync, writeSync } from 'node:fs'
import { access, chmod, link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { fileNameOf, parseLogicalPath } from '../../core/path.ts'
import { tryKeys } from '../free-key.ts'
import type { Content, SaveOptions, StoredFile } from '../storage.ts'

/** The name of a file that is being written; nobody may ask for one. */
export const TEMPORARY = /^\.fingerpost-[0-9a-f]{16}\.tmp$/

/** A key as a path. @throws FingerpostError `FP_PATH` for what is none, and for the name of a file being written */
export function checkKey(key: string): string {
  const path = parseLogicalPath(key)
  if (!TEMPORARY.test(fileNameOf(path))) return path
  throw new FingerpostError('FP_PATH', `${JSON.stringify(key)} is a name kept for files being written.`)
}

/** Permissions, whatever the umask. */
export interface Modes {
  readonly file: number
  readonly folder: number
}

/** Writes under a temporary name beside the final one, flushes, and gives the file its name; a failure leaves nothing. */
export async function saveFile(
  root: string,
  key: string,
  content: Content,
  options: SaveOptions,
  modes: Modes,
): Promise<StoredFile> {
  const path = join(root, key)
  const folder = dirname(path)
  // A name of fixed length: the final name may already be as long as the filesystem allows.
  // (A UUID, because Node draws many of them at once: a build needs ten thousand.)
  const temporary = join(folder, `.fingerpost-${randomUUID().replaceAll('-', '').slice(-16)}.tmp`)
  const write =
    content instanceof Uint8Array && content.length <= SYNC_MAX_BYTES
      ? () => writeSmall(temporary, key, content, modes.file)
      : () => writeLarge(temporary, key, content, modes.file)
  try {
    const stored = await inFolder(folder, modes.folder, write)
    if (options.overwrite === true) {
      renameSync(temporary, path)
      return stored
    }
    return await tryKeys(key, options, async (candidate) => {
      await publishNew(temporary, join(root, checkKey(candidate)))
      return { ...stored, key: candidate }
    })
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Content up to this many bytes is written synchronously: five trips through the thread pool cost far more. */
const SYNC_MAX_BYTES = 64 * 1024

/** Makes the folder only where it turns out to be missing: nearly always it is there. */
async function inFolder<T>(folder: string, mode: number, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
    await makeFolder(folder, mode)
    return write()
  }
}

async function makeFolder(folder: string, mode: number): Promise<void> {
  try {
    const first = await mkdir(folder, { recursive: true })
    if (first === undefined) return
    for (let made = folder; made.length >= first.length; made = dirname(made)) await chmod(made, mode)
  } catch (error) {
    // A file in the way is the system's EEXIST; here that would read as "the key is taken".
    if (!isSystemError(error, 'EEXIST')) throw error
    throw Object.assign(new Error(`ENOTDIR: not a directory, ${folder}`), { code: 'ENOTDIR' })
  }
}

async function writeSmall(path: string, key: string, content: Uint8Array, mode: number): Promise<StoredFile> {
  const descriptor = openSync(path, 'wx', mode)
  try {
    for (let done = 0; done < content.length; ) done += writeSync(descriptor, content, done)
    const { mode: given, size, mtime } = fstatSync(descriptor)
    // The umask took its bits from the mode given to open.
    if ((given & 0o777) !== mode) fchmodSync(descriptor, mode)
    // Flushing is the slow part, and the one that others can work beside.
    await flush(() => fsyncAsync(descriptor))
    return { key, size, modifiedAt: mtime }
  } finally {
    closeSync(descriptor)
  }
}

async function writeLarge(path: string, key: string, content: Content, mode: number): Promise<StoredFile> {
  const file = await open(path, 'wx', mode)
  try {
    if (content instanceof Uint8Array) await file.writeFile(content)
    else for await (const piece of content) await file.writeFile(piece)
    await file.chmod(mode)
    await flush(() => file.sync())
    const { size, mtime } = await file.stat()
    return { key, size, modifiedAt: mtime }
  } finally {
    await file.close()
  }
}

const fsyncAsync = promisify(fsync)

async function flush(sync: () => Promise<void>): Promise<void> {
  try {
    await sync()
  } catch (error) {
    // Some network and user-space filesystems have no fsync; their rename is all there is.
    if (!isSystemError(error, 'EINVAL', 'ENOTSUP', 'ENOSYS')) throw error
  }
}

/** A hard link fails where the name is taken, which no rename does: two writers can't both believe they were first. */
async function publishNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path)
  } catch (error) {
    if (!isSystemError(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK')) throw error
    await renameUnlessTaken(temporary, path)
    return
  }
  await rm(temporary)
}

/** For filesystems without hard links (FAT, some mounts): the best there is, with a gap between the two steps. */
async function renameUnlessTaken(temporary: string, path: string): Promise<void> {
  const taken = await access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
  if (taken) throw Object.assign(new Error(`EEXIST: file already exists, ${path}`), { code: 'EEXIST' })
  await rename(temporary, path)
}
