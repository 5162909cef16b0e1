import {
  close,
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  lstatSync,
  openSync,
  read,
  readFile,
  statSync,
  unlinkSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import {
  asCountWithin,
  asText,
  completeOptions,
  type OptionTable,
  parseOptions,
  wrongShape,
} from '../../core/option.ts'
import { fileNameOf, folderOf, parseLogicalPath } from '../../core/path.ts'
import { describeFault } from '../fault.ts'
import { isTemporaryKey } from '../key.ts'
import type { OpenFile, SavedFile, Storage, StoredFile } from '../storage.ts'
import { whileHeld } from './link-guard.ts'
import { moveFile, saveFile, type Target } from './save.ts'
import { spellingOnDisk } from './spelling.ts'
import { describeFile, walkFolder } from './walk.ts'

/** How to open a folder as a storage. */
export interface FilesystemOptions {
  /** The folder; relative to the working directory. Made when the first file is saved. */
  readonly root: string
  /** Permissions of saved files, whatever the umask. Default 0o644. */
  readonly fileMode?: number
  /** Permissions of folders that are made, whatever the umask; an inherited setgid bit stays. Default 0o755. */
  readonly folderMode?: number
}

/** A folder on disk as a storage. */
export interface FilesystemStorage extends Storage {
  /** Absolute path of the folder. */
  readonly root: string
  /** The absolute path of a file, for tools that need one. The file may not exist. */
  pathOf(key: string): string
}

/**
 * Keeps files in a folder. Each is written under a temporary name in its folder, flushed to the disk (fsync) and renamed,
 * so that no reader and no crash ever sees half of one.
 *
 * A link that leads out of the folder is never followed (`FP_PATH`). On Linux that holds even if a folder is replaced by
 * a link at the same moment; elsewhere, links are resolved right before each use. A listing may name files of a folder
 * that is replaced while it is read; none of them can be opened.
 *
 * @throws FingerpostError `FP_CONFIG` for a wrong option; from then on `FP_STORAGE` if the filesystem refuses: disk full,
 * no permission, read-only
 */
export function createFilesystemStorage(options: FilesystemOptions): FilesystemStorage {
  const target = readOptions(options)
  const { root } = target
  const name = `folder ${root}`
  const told = async <T>(key: string, doing: string, work: () => T | Promise<T>): Promise<T> => {
    parseLogicalPath(key)
    try {
      return await work()
    } catch (error) {
      throw describeFault(error, { storage: name, key, doing })
    }
  }

  return {
    name,
    root,
    pathOf: (key) => join(root, parseLogicalPath(key)),
    save: (key, content, saving = {}) =>
      told(key, 'save', async () => asSpelled(root, await saveFile(target, key, content, saving))),
    move: (from, to, moving = {}) =>
      told(from, 'move', async () =>
        asSpelled(root, await moveFile(target, from, parseLogicalPath(to), moving)),
      ),
    read: (key) => told(key, 'read', () => readWhole(root, key)),
    async *open(key, range) {
      const fd = await told(key, 'read', () => openFile(root, key))
      try {
        yield* createReadStream('', { fd, ...range })
      } catch (error) {
        throw describeFault(error, { storage: name, key, doing: 'read' })
      }
    },
    openFile: (key, validator) => told(key, 'read', () => openUnchanged(root, key, validator)),
    stat: (key) => told(key, 'stat', () => statFile(root, key)),
    list: (prefix, after) => listFiles(root, prefix, after),
    delete: (key) => told(key, 'delete', () => deleteFile(root, key)),
    sweep: (olderThan, folder) => sweepFolder(root, olderThan, folder),
  }
}

const asMode = asCountWithin(0, 0o7777)

const TABLE = {
  root: { parse: asText, complete: (root: string, cwd: string) => resolve(cwd, root) },
  fileMode: { parse: asMode, default: 0o644 },
  folderMode: { parse: asMode, default: 0o755 },
} satisfies OptionTable<FilesystemOptions>

function readOptions(given: FilesystemOptions): Target {
  const where = "createFilesystemStorage's options"
  const { root, ...modes } = completeOptions(
    parseOptions<FilesystemOptions>(given, TABLE, where),
    TABLE,
    process.cwd(),
  )
  if (root === undefined) throw wrongShape(given, where, "{ root: 'media' } at least")
  return { root, ...modes }
}

/** O_NONBLOCK: opening a FIFO would block for ever. */
function openFile(root: string, key: string): number {
  return whileHeld(root, key, ({ path }) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
}

function openUnchanged(root: string, key: string, validator: string): OpenFile {
  const fd = openFile(root, key)
  if (describeFile(key, fstatSync(fd)).validator !== validator) {
    closeSync(fd)
    throw new FingerpostError('FP_CHANGED', `${key} was replaced while it was being read.`, {
      details: { key },
    })
  }
  const readAt = promisify(read)
  return {
    read: (buffer, offset, length, position) => readAt(fd, buffer, offset, length, position),
    close: () => promisify(close)(fd),
  }
}

async function readWhole(root: string, key: string): Promise<Buffer> {
  const descriptor = openFile(root, key)
  try {
    return await promisify(readFile)(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function statFile(root: string, key: string): StoredFile | undefined {
  try {
    return whileHeld(root, key, ({ path }) => {
      const found = statSync(path)
      const spelled = found.isFile() ? spellingOnDisk(root, key) : undefined
      return spelled === undefined ? undefined : describeFile(spelled, found)
    })
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** A folder that was there may have the name in other letters. Looked up only when asked for, which a build never does. */
function asSpelled(root: string, { key, size }: SavedFile): SavedFile {
  return {
    size,
    get key() {
      try {
        return spellingOnDisk(root, key) ?? key
      } catch {
        // Moved or replaced since.
        return key
      }
    },
  }
}

function deleteFile(root: string, key: string): void {
  try {
    whileHeld(root, folderOf(key), (folder) => {
      const path = join(folder.path, fileNameOf(key))
      if (lstatSync(path).isSymbolicLink()) whileHeld(root, key, () => undefined)
      unlinkSync(path)
    })
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}

async function* listFiles(root: string, prefix = '', after = ''): AsyncIterable<StoredFile> {
  // Only the folder the prefix names is walked, not the whole root.
  for await (const files of walkFolder(root, folderOf(prefix)))
    for (const file of files)
      if (file.key > after && file.key.startsWith(prefix) && !isTemporaryKey(file.key)) yield file
}

async function sweepFolder(root: string, olderThan?: Date, folder = ''): Promise<number> {
  let swept = 0
  for await (const files of walkFolder(root, folder)) {
    for (const { key, modifiedAt } of files) {
      if (!isTemporaryKey(key) || (olderThan !== undefined && modifiedAt >= olderThan)) continue
      deleteFile(root, key)
      swept++
    }
  }
  return swept
}
