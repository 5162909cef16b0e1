import { type Dirent, type Stats, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { isSystemError } from '../../core/error.ts'
import { comparePaths } from '../../core/path.ts'
import { describeFault } from '../fault.ts'
import type { StoredFile } from '../storage.ts'
import { isInside } from './link-guard.ts'

/** Files looked at before other work of the process gets its turn: well under a millisecond's worth. */
const FILES_PER_TURN = 64

/**
 * Every file below `root/start`, in key order. A folder that isn't there has no files. Some at a time: a promise for
 * each would take as long as to look at it.
 *
 * @param start '' or a folder with its slash
 */
export async function* walkFolder(root: string, start: string): AsyncIterable<readonly StoredFile[]> {
  let files: StoredFile[] = []
  for (const entry of await readFolder(root, start)) {
    const key = start + entry.name
    if (entry.isDirectory()) {
      yield files
      files = []
      yield* walkFolder(root, `${key}/`)
      continue
    }
    const path = `${root}/${key}`
    if (entry.isSymbolicLink() && !(await isInside(root, path))) continue
    // A synchronous stat is a fifth of the work of an asynchronous one, and a build lists tens of thousands.
    const found = statOf(path)
    if (found?.isFile()) files.push(describeFile(key, found))
    if (files.length < FILES_PER_TURN) continue
    yield files
    files = []
    await setImmediate()
  }
  yield files
}

/** A stored file. */
export function describeFile(key: string, stats: Stats): StoredFile {
  return { key, size: stats.size, modifiedAt: stats.mtime, validator: validatorOf(stats) }
}

/** Every save makes a new file, with an inode and a time of its own; the time to a microsecond. */
export function validatorOf({ ino, size, mtimeMs }: Stats): string {
  return `${ino.toString(36)}-${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}`
}

async function readFolder(root: string, start: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(join(root, start), { withFileTypes: true })
    // A folder sorts with its slash, so that whole keys come out in order: `a-b` before `a/b`.
    const sortName = (entry: Dirent) => (entry.isDirectory() ? `${entry.name}/` : entry.name)
    return entries.sort((a, b) => comparePaths(sortName(a), sortName(b)))
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return []
    throw describeFault(error, { storage: `folder ${root}`, key: start, doing: 'list' })
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    // A file may go while its folder is being listed; a link may lead nowhere.
    if (isSystemError(error, 'ENOENT', 'ELOOP')) return undefined
    throw error
  }
}
