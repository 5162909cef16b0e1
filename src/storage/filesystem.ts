import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  createReadStream,
  fchmodSync,
  fstatSync,
  fsync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { access, chmod, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { fileNameOf, parseLogicalPath } from '../core/path.ts'
import { describeFault } from './fault.ts'
import { tryKeys } from './free-key.ts'
import { createOutsideGuard } from './inside.ts'
import type { ByteRange, Content, SaveOptions, Storage, StoredFile } from './storage.ts'
import { walkFolder } from './walk.ts'

/** How to open a folder as a storage. */
export interface FilesystemOptions {
  /** The folder; relative to the working directory. Made when the first file is saved. */
  readonly root: string
  /** Permissions of saved files, whatever the umask. Default 0o644. */
  readonly fileMode?: number
  /** Permissions of folders that are made, whatever the umask. Default 0o755. */
  readonly folderMode?: number
}

/** A folder on disk as a storage: what else the filesystem can do that no other storage can. */
export interface FilesystemStorage extends Storage {
  /** Absolute path of the folder. */
  readonly root: string
  /** The absolute path of a file, for tools that need one. The file may not exist. */
  pathOf(key: string): string
}

/**
 * Keeps files in a folder. Each is written under a temporary name in the folder it belongs to, flushed to the disk
 * (fsync) and renamed, so that no reader and no crash ever sees half of one. A link that leads out of the folder is
 * never followed (`FP_PATH`).
 *
 * @throws FingerpostError `FP_STORAGE` where the filesystem refuses: disk full, no permission, read-only
 */
export function createFilesystemStorage(options: FilesystemOptions): FilesystemStorage {
  const root = resolve(options.root)
  const modes = { file: options.fileMode ?? 0o644, folder: options.folderMode ?? 0o755 }
  const name = `folder ${root}`
  const refuseOutside = createOutsideGuard(root)
  const pathOf = (key: string) => join(root, checkKey(key))
  const told = async <T>(key: string, doing: string, work: (path: string) => Promise<T>): Promise<T> => {
    const path = pathOf(key)
    try {
      await refuseOutside(path, key)
      return await work(path)
    } catch (error) {
      throw describeFault(error, { storage: name, key, doing })
    }
  }

  return {
    name,
    root,
    pathOf,
    save: (key, content, saving = {}) => told(key, 'save', () => saveFile(root, key, content, saving, modes)),
    read: (key) => told(key, 'read', (path) => readFile(path)),
    async *open(key, range) {
      yield* await told(key, 'read', async (path) =>
        openFile(path, { storage: name, key, doing: 'read' }, range),
      )
    },
    stat: (key) => told(key, 'stat', (path) => statFile(path, key)),
    list: (prefix, after) => listFiles(root, prefix, after),
    delete: (key) => told(key, 'delete', (path) => rm(path, { force: true })),
    sweep: (olderThan) => sweepFolder(root, olderThan),
  }
}

const TEMPORARY = /^\.fingerpost-[0-9a-f]{16}\.tmp$/

function checkKey(key: string): string {
  const path = parseLogicalPath(key)
  if (!TEMPORARY.test(fileNameOf(path))) return path
  throw new FingerpostError('FP_PATH', `${JSON.stringify(key)} is a name kept for files being written.`)
}

interface Modes {
  readonly file: number
  readonly folder: number
}

async function saveFile(
  root: string,
  key: string,
  content: Content,
  options: SaveOptions,
  modes: Modes,
): Promise<StoredFile> {
  const path = join(root, key)
  const folder = dirname(path)
  // A name of fixed length: the final name may already be as long as the filesystem allows.
  const temporary = join(folder, `.fingerpost-${randomBytes(8).toString('hex')}.tmp`)
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
    const { mode: given } = fstatSync(descriptor)
    // The umask took its bits from the mode given to open.
    if ((given & 0o777) !== mode) fchmodSync(descriptor, mode)
    // Flushing is the slow part, and the one that others can work beside.
    await flush(() => fsyncAsync(descriptor))
    const { size, mtime } = fstatSync(descriptor)
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

async function* openFile(
  path: string,
  place: { readonly storage: string; readonly key: string; readonly doing: string },
  range?: ByteRange,
): AsyncIterable<Uint8Array> {
  try {
    yield* createReadStream(path, range === undefined ? {} : { start: range.start, end: range.end })
  } catch (error) {
    throw describeFault(error, place)
  }
}

async function statFile(path: string, key: string): Promise<StoredFile | undefined> {
  try {
    const found = await stat(path)
    return found.isFile() ? { key, size: found.size, modifiedAt: found.mtime } : undefined
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

async function* listFiles(root: string, prefix = '', after = ''): AsyncIterable<StoredFile> {
  // Only the folder the prefix names is walked, not the whole root.
  const start = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  for await (const { key, size, modifiedAt } of walkFolder(root, start)) {
    if (key > after && key.startsWith(prefix) && !TEMPORARY.test(fileNameOf(key)))
      yield { key, size, modifiedAt }
  }
}

async function sweepFolder(root: string, olderThan: Date | undefined): Promise<number> {
  let swept = 0
  for await (const { key, modifiedAt } of walkFolder(root, '')) {
    if (!TEMPORARY.test(fileNameOf(key))) continue
    if (olderThan !== undefined && modifiedAt >= olderThan) continue
    await rm(join(root, key), { force: true })
    swept++
  }
  return swept
}
