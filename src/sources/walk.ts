import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { mapConcurrently } from '../core/concurrent.ts'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { type EntryContext, type Examined, examineEntry, type Folder, type FoundFile } from './entry.ts'
import type { FileTrouble, Skipped } from './finder.ts'
import type { Ignore } from './ignore.ts'
import { describeFault, showBytes } from './trouble.ts'

/** What a walk met, in no particular order; paths without prefix. */
export interface Findings {
  readonly files: FoundFile[]
  readonly skipped: Skipped[]
  readonly troubles: FileTrouble[]
}

/** What bounds a walk. */
export interface WalkOptions {
  readonly ignore: Ignore
  readonly maxEntries: number
}

/**
 * Every file below a folder. One call to the system for each folder, one for each file; links cost two.
 *
 * @throws the system's error if the folder itself can't be read; everything below it becomes a trouble
 */
export async function walk(folder: string, { ignore, maxEntries }: WalkOptions): Promise<Findings> {
  const root = await realpath(folder)
  const context: EntryContext = { root, ignore }
  const findings: Findings = { files: [], skipped: [], troubles: [] }
  let level: Folder[] = [{ path: '', absolutePath: folder, trail: [root] }]
  let entries = 0
  // Level by level, so that any number of folders is read side by side without a queue that grows while it is drained.
  while (level.length > 0) {
    const listed = (await mapConcurrently(level, LIMITS.listConcurrency, readFolder)).flat()
    if (entries + listed.length > maxEntries) throw tooMany(folder, maxEntries)
    level = []
    for (const item of listed) {
      const examined = 'kind' in item ? item : examineEntry(item.entry, item.folder, context)
      level.push(...sort(examined, findings))
      if (++entries % ENTRIES_PER_TURN === 0) await setImmediate()
    }
  }
  return findings
}

/** Entries looked at before other work of the process gets its turn: well under a millisecond's worth. */
const ENTRIES_PER_TURN = 64

interface Unexamined {
  readonly entry: Dirent
  readonly folder: Folder
}

async function readFolder(folder: Folder): Promise<readonly (Unexamined | Examined)[]> {
  const { absolutePath, path } = folder
  try {
    const entries = await readdir(absolutePath, { withFileTypes: true })
    const listed = entries.map((entry) => ({ entry, folder }))
    // Node puts U+FFFD where a name isn't UTF-8; such a name can't be opened, but U+FFFD may be meant.
    if (!entries.some((entry) => entry.name.includes('\ufffd'))) return listed
    return await withoutOddNames(listed, absolutePath)
  } catch (error) {
    if (path === '') throw error
    if (isSystemError(error, 'ENOENT')) return []
    return [{ kind: 'trouble', absolutePath, fault: describeFault(absolutePath, error) }]
  }
}

async function withoutOddNames(
  listed: readonly Unexamined[],
  absolutePath: string,
): Promise<readonly (Unexamined | Examined)[]> {
  const names = await readdir(absolutePath, { encoding: 'buffer' })
  const odd = names.filter((name) => !isUtf8(name))
  const even = new Set(names.filter((name) => isUtf8(name)).map((name) => name.toString()))
  const troubles = odd.map((name): Examined => {
    return { kind: 'trouble', absolutePath: `${absolutePath}/${showBytes(name)}`, fault: 'name is not UTF-8' }
  })
  return [...listed.filter(({ entry }) => even.has(entry.name)), ...troubles]
}

/** Puts a result where it belongs; folders come back, to be walked next. */
function sort(result: Examined, { files, skipped, troubles }: Findings): readonly Folder[] {
  switch (result.kind) {
    case 'file':
      files.push(result)
      return []
    case 'skipped':
      skipped.push({ path: result.path, absolutePath: result.absolutePath, reason: result.reason })
      return []
    case 'trouble':
      troubles.push({ absolutePath: result.absolutePath, fault: result.fault })
      return []
    case 'gone':
      return []
    case 'folder':
      return [result]
  }
}

function tooMany(folder: string, maxEntries: number): FingerpostError {
  return new FingerpostError('FP_SOURCE', `${folder} has more than ${maxEntries} files and folders.`, {
    remedy: 'Links that lead into each other multiply: look for them, or ignore the folder that has them.',
    details: { folder, maxEntries },
  })
}
