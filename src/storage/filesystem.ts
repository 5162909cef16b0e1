import { randomBytes } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { access, type FileHandle, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { fileNameOf, parseLogicalPath } from '../core/path.ts'
import { describeFault } from './fault.ts'
import type { ByteRange, Content, SaveOptions, Storage, StoredFile } from './storage.ts'
import { walkFolder } from './walk.ts'

/** How to open a folder as a storage. */
export interface FilesystemOptions {
  /** The folder; relative to the working directory. Made when the first file is saved. */
  readonly root: string
}

/** A folder on disk as a storage: what else the filesystem can do that no other storage can. */
export interface FilesystemStorage extends Storage {
  /** Absolute path of the folder. */
  readonly root: string
  /** The absolute path of a file, for tools that need one. The file may not exist. */
  pathOf(key: string): string
  /** Removes what a killed process left half-written. Call it only while nobody saves. @returns how many files */
  sweep(): Promise<number>
}

/**
 * Keeps files in a folder. Each is written under a temporary name in the folder it belongs to, flushed to the disk
 * (fsync) and renamed, so that no reader and no crash ever sees half of one.
 *
 * @throws FingerpostError `FP_STORAGE` where the filesystem refuses: disk full, no permission, read-only
 */
export function createFilesystemStorage(options: FilesystemOptions): FilesystemStorage {
  const root = resolve(options.root)
  const name = `folder ${root}`
  const pathOf = (key: string) => join(root, checkKey(key))
  const told = <T>(key: string, doing: string, work: Promise<T>) =>
    work.catch((error: unknown) => {
      throw describeFault(error, { storage: name, key, doing })
    })

  return {
    name,
    root,
    pathOf,
    save: async (key, content, options) => told(key, 'save', saveFile(pathOf(key), key, content, options)),
    read: async (key) => told(key, 'read', readFile(pathOf(key))),
    open: (key, range) => openFile(pathOf(key), { storage: name, key, doing: 'read' }, range),
    stat: async (key) => told(key, 'stat', statFile(pathOf(key), key)),
    list: (prefix) => listFiles(root, prefix),
    delete: async (key) => told(key, 'delete', rm(pathOf(key), { force: true })),
    sweep: () => sweepFolder(root),
  }
}

const TEMPORARY = /^\.fingerpost-[0-9a-f]{16}\.tmp$/

function checkKey(key: string): string {
  const path = parseLogicalPath(key)
  if (!TEMPORARY.test(fileNameOf(path))) return path
  throw new FingerpostError('FP_PATH', `${JSON.stringify(key)} is a name kept for files being written.`)
}

async function saveFile(path: string, key: string, content: Content, options: SaveOptions = {}) {
  const folder = dirname(path)
  await makeFolder(folder)
  // A name of fixed length: the final name may already be as long as the filesystem allows.
  const temporary = join(folder, `.fingerpost-${randomBytes(8).toString('hex')}.tmp`)
  try {
    const stored = await writeTemporary(temporary, key, content)
    if (options.overwrite === true) await rename(temporary, path)
    else await publishNew(temporary, path)
    return stored
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    // A file in the way is the system's EEXIST; here that would read as "the key is taken".
    if (!isSystemError(error, 'EEXIST')) throw error
    throw Object.assign(new Error(`ENOTDIR: not a directory, ${folder}`), { code: 'ENOTDIR' })
  }
}

async function writeTemporary(path: string, key: string, content: Content): Promise<StoredFile> {
  const file = await open(path, 'wx', 0o666)
  try {
    if (content instanceof Uint8Array) await file.writeFile(content)
    else for await (const piece of content) await file.writeFile(piece)
    await flush(file)
    const { size, mtime } = await file.stat()
    return { key, size, modifiedAt: mtime }
  } finally {
    await file.close()
  }
}

async function flush(file: FileHandle): Promise<void> {
  try {
    await file.sync()
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

async function* listFiles(root: string, prefix = ''): AsyncIterable<StoredFile> {
  // Only the folder the prefix names is walked, not the whole root.
  const start = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  for await (const { key, size, modifiedAt } of walkFolder(root, start)) {
    if (key.startsWith(prefix) && !TEMPORARY.test(fileNameOf(key))) yield { key, size, modifiedAt }
  }
}

async function sweepFolder(root: string): Promise<number> {
  let swept = 0
  for await (const { key } of walkFolder(root, '')) {
    if (!TEMPORARY.test(fileNameOf(key))) continue
    await rm(join(root, key), { force: true })
    swept++
  }
  return swept
}
