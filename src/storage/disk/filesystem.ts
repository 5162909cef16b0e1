import { constants, createReadStream } from 'node:fs'
import { open, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { asCountWithin, asText, type OptionTable, parseOptions, wrongShape } from '../../core/option.ts'
import { parseLogicalPath } from '../../core/path.ts'
import { describeFault } from '../fault.ts'
import { isTemporaryKey } from '../key.ts'
import type { ByteRange, OpenFile, Storage, StoredFile } from '../storage.ts'
import { createOutsideGuard } from './link-guard.ts'
import { moveFile, saveFile } from './save.ts'
import { describeFile, walkFolder } from './walk.ts'

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
 * @throws FingerpostError `FP_CONFIG` for a wrong option; from then on `FP_STORAGE` where the filesystem refuses: disk
 * full, no permission, read-only
 */
export function createFilesystemStorage(options: FilesystemOptions): FilesystemStorage {
  const { root, modes } = readOptions(options)
  const name = `folder ${root}`
  const refuseOutside = createOutsideGuard(root)
  const pathOf = (key: string) => join(root, parseLogicalPath(key))
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
    async move(from, to, moving = {}) {
      await refuseOutside(pathOf(to), to)
      return told(from, 'move', () => moveFile(root, from, to, moving, modes))
    },
    read: (key) => told(key, 'read', (path) => readFile(path)),
    async *open(key, range) {
      yield* await told(key, 'read', async (path) =>
        openFile(path, { storage: name, key, doing: 'read' }, range),
      )
    },
    openFile: (key, validator) => told(key, 'read', (path) => openUnchanged(path, key, validator)),
    stat: (key) => told(key, 'stat', (path) => statFile(path, key)),
    list: (prefix, after) => listFiles(root, prefix, after),
    delete: (key) => told(key, 'delete', (path) => rm(path, { force: true })),
    sweep: (olderThan, folder) => sweepFolder(root, olderThan, folder),
  }
}

const asMode = asCountWithin(0, 0o7777)

const TABLE: OptionTable<FilesystemOptions> = { root: asText, fileMode: asMode, folderMode: asMode }

function readOptions(options: FilesystemOptions) {
  const where = "createFilesystemStorage's options"
  const { root, fileMode, folderMode } = parseOptions(options, TABLE, where)
  if (root === undefined) throw wrongShape(options, where, "{ root: 'media' } at least")
  return { root: resolve(root), modes: { file: fileMode ?? 0o644, folder: folderMode ?? 0o755 } }
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

/** O_NONBLOCK: opening a FIFO does not wait for a writer. */
async function openUnchanged(path: string, key: string, validator: string): Promise<OpenFile> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  if (describeFile(key, await handle.stat()).validator === validator) return handle
  await handle.close()
  throw new FingerpostError('FP_CHANGED', `${key} was replaced while it was being read.`, {
    details: { key },
  })
}

async function statFile(path: string, key: string): Promise<StoredFile | undefined> {
  try {
    const found = await stat(path)
    return found.isFile() ? describeFile(key, found) : undefined
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

async function* listFiles(root: string, prefix = '', after = ''): AsyncIterable<StoredFile> {
  // Only the folder the prefix names is walked, not the whole root.
  const start = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  for await (const files of walkFolder(root, start)) {
    for (const file of files) {
      if (file.key > after && file.key.startsWith(prefix) && !isTemporaryKey(file.key)) yield file
    }
  }
}

async function sweepFolder(root: string, olderThan?: Date, folder = ''): Promise<number> {
  let swept = 0
  for await (const files of walkFolder(root, folder)) {
    for (const { key, modifiedAt } of files) {
      if (!isTemporaryKey(key)) continue
      if (olderThan !== undefined && modifiedAt >= olderThan) continue
      await rm(join(root, key), { force: true })
      swept++
    }
  }
  return swept
}
