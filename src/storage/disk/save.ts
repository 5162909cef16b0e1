import { closeSync, constants, fchmodSync, fstatSync, fsync, openSync, renameSync, writeSync } from 'node:fs'
import { access, chmod, link, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { isSystemError } from '../../core/error.ts'
import { parseLogicalPath } from '../../core/path.ts'
import { replaced } from '../fault.ts'
import { temporaryKeyFor, tryKeys } from '../key.ts'
import type { Content, MoveOptions, SavedFile, SaveOptions } from '../storage.ts'
import { validatorOf } from './walk.ts'

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
): Promise<SavedFile> {
  const path = join(root, key)
  const temporary = join(root, temporaryKeyFor(key))
  const write =
    content instanceof Uint8Array && content.length <= SYNC_MAX_BYTES
      ? () => writeSmall(temporary, content, modes.file)
      : () => writeLarge(temporary, content, modes.file)
  try {
    const size = await inFolder(dirname(path), modes.folder, write)
    return { key: await publish(root, temporary, key, options), size }
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Renames a file. */
export async function moveFile(
  root: string,
  from: string,
  to: string,
  options: MoveOptions,
  modes: Modes,
): Promise<SavedFile> {
  const source = join(root, from)
  const found = await stat(source)
  const { validator = validatorOf(found) } = options
  if (validator !== validatorOf(found)) throw replaced(`folder ${root}`, from)
  const publishing = () => publish(root, source, to, options)
  return { key: await inFolder(dirname(join(root, to)), modes.folder, publishing), size: found.size }
}

/** Gives a file its name, or the first free one. */
async function publish(root: string, path: string, key: string, options: SaveOptions): Promise<string> {
  if (options.overwrite === true) {
    renameSync(path, join(root, key))
    return key
  }
  return tryKeys(key, options, async (candidate) => {
    await publishNew(path, join(root, parseLogicalPath(candidate)))
    return candidate
  })
}

/** The setgid bit of a mode (POSIX S_ISGID). */
const SETGID = 0o2000

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
    for (let made = folder; made.length >= first.length; made = dirname(made)) await setFolderMode(made, mode)
  } catch (error) {
    // A file in the way is the system's EEXIST; here that would read as "the key is taken".
    if (!isSystemError(error, 'EEXIST')) throw error
    throw Object.assign(new Error(`ENOTDIR: not a directory, ${folder}`), { code: 'ENOTDIR' })
  }
}

/** A folder with the setgid bit gives it to the folders in it, and chmod would take it away. */
async function setFolderMode(folder: string, mode: number): Promise<void> {
  const inherited = (await stat(folder)).mode & SETGID
  await chmod(folder, mode | inherited).catch(ignoreRefusedMode)
}

function setMode(descriptor: number, mode: number): void {
  try {
    fchmodSync(descriptor, mode)
  } catch (error) {
    ignoreRefusedMode(error)
  }
}

/** On some mounts (WSL, CIFS, exFAT) all files have the mode of the mount. */
function ignoreRefusedMode(error: unknown): void {
  if (!isSystemError(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) throw error
}

async function writeSmall(path: string, content: Uint8Array, mode: number): Promise<number> {
  const descriptor = openSync(path, 'wx', mode)
  try {
    for (let done = 0; done < content.length; ) done += writeSync(descriptor, content, done)
    const { mode: given } = fstatSync(descriptor)
    // The umask took its bits from the mode given to open.
    if ((given & 0o777) !== mode) setMode(descriptor, mode)
    // Flushing is the slow part, and the one that others can work beside.
    await flush(() => fsyncAsync(descriptor))
    return content.length
  } finally {
    closeSync(descriptor)
  }
}

async function writeLarge(path: string, content: Content, mode: number): Promise<number> {
  const file = await open(path, 'wx', mode)
  try {
    if (content instanceof Uint8Array) await file.writeFile(content)
    else for await (const piece of content) await file.writeFile(piece)
    await file.chmod(mode).catch(ignoreRefusedMode)
    await flush(() => file.sync())
    return (await file.stat()).size
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
