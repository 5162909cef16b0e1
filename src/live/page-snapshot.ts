import { type Dirent, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FingerpostError } from '../core/error.ts'
import { IGNORED_FOLDERS } from './watch.ts'

/** The files of some folders, compared by size and time. For folders of templates: each comparison walks them. */
export interface PageSnapshot {
  /** True if a file has been added, removed or changed since the last call. Unreadable files count as missing. */
  hasChanged(): Promise<boolean>
}

/**
 * Remembers what the folders hold now.
 *
 * @param folders absolute
 * @throws FingerpostError `FP_CONFIG` for a path that is not a folder
 */
export async function takePageSnapshot(folders: readonly string[]): Promise<PageSnapshot> {
  for (const folder of folders) requireFolder(folder)
  const list = async () => (await Promise.all(folders.map(listStats))).flat().join('\n')
  let known = await list()
  return {
    async hasChanged() {
      const before = known
      known = await list()
      return known !== before
    },
  }
}

function requireFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  throw new FingerpostError('FP_CONFIG', `live.watch: ${folder} is not a folder.`, {
    remedy: 'List folders of templates, relative to the working directory.',
    details: { folder },
  })
}

async function listStats(folder: string): Promise<readonly string[]> {
  const entries: readonly Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const lists = entries.map(async (entry): Promise<readonly string[]> => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return IGNORED_FOLDERS.has(entry.name) ? [] : listStats(path)
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stats === undefined ? [] : [`${path} ${stats.size} ${stats.mtimeNs} ${stats.ino}`]
  })
  return (await Promise.all(lists)).flat()
}
