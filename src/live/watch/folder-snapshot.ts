import { type Dirent, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Folders as they were when last looked at. */
export interface FolderSnapshot {
  /** Looks again. True if a file has come, gone or changed since. Never rejects: what can't be read isn't there. */
  hasChanged(): Promise<boolean>
}

/**
 * What some folders hold, by size and time. For folders of templates and the like: every look walks them.
 *
 * @param ignoredNames folders that are left out, by name
 */
export async function takeFolderSnapshot(
  folders: readonly string[],
  ignoredNames: ReadonlySet<string>,
): Promise<FolderSnapshot> {
  const list = async () =>
    (await Promise.all(folders.map((folder) => listStats(folder, ignoredNames)))).flat()
  let known = (await list()).join('\n')
  return {
    async hasChanged() {
      const now = (await list()).join('\n')
      const hasChanged = now !== known
      known = now
      return hasChanged
    },
  }
}

async function listStats(folder: string, ignoredNames: ReadonlySet<string>): Promise<readonly string[]> {
  const entries = await readEntries(folder)
  const lists = entries.map(async (entry): Promise<readonly string[]> => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return ignoredNames.has(entry.name) ? [] : listStats(path, ignoredNames)
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stats === undefined ? [] : [`${path} ${stats.size} ${stats.mtimeNs} ${stats.ino}`]
  })
  return (await Promise.all(lists)).flat()
}

async function readEntries(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
