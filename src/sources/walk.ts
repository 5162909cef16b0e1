import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { mapConcurrently } from '../core/concurrent.ts'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import {
  describeReadError,
  type EntryContext,
  type Examined,
  examineEntry,
  type Folder,
  type FoundFile,
} from './entry.ts'
import type { FileTrouble, Skipped } from './finder.ts'
import type { Ignore } from './ignore.ts'

/** Everything a walk found, unsorted; paths without prefix. */
export interface WalkResult {
  readonly files: FoundFile[]
  readonly skipped: Skipped[]
  readonly troubles: FileTrouble[]
}

export interface WalkOptions {
  readonly ignore: Ignore
  readonly maxEntries: number
}

/**
 * Every file below a folder.
 *
 * @throws the system's error if the folder itself can't be read; an unreadable one below it becomes a trouble
 */
export async function walk(folder: string, { ignore, maxEntries }: WalkOptions): Promise<WalkResult> {
  const root = await realpath(folder)
  const context: EntryContext = { root, ignore }
  const result: WalkResult = { files: [], skipped: [], troubles: [] }
  let level: Folder[] = [{ path: '', absolutePath: folder, trail: [root] }]
  let entries = 0
  // Level by level, so that many folders are read at once without a queue that grows while it is drained.
  while (level.length > 0) {
    const listed = (await mapConcurrently(level, LIMITS.listConcurrency, readFolder)).flat()
    if (entries + listed.length > maxEntries) throw tooMany(folder, maxEntries)
    level = []
    for (const item of listed) {
      const examined = 'kind' in item ? item : examineEntry(item.entry, item.folder, context)
      level.push(...sort(examined, result))
      if (++entries % ENTRIES_PER_TURN === 0) await setImmediate()
    }
  }
  return result
}

/** Entries examined before the event loop gets a turn: well under a millisecond's work. */
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
    // Node puts U+FFFD into a name that isn't UTF-8, which then can't be opened. A name may also contain U+FFFD.
    if (!entries.some((entry) => entry.name.includes('\ufffd'))) return listed
    return await withoutOddNames(listed, absolutePath)
  } catch (error) {
    if (path === '') throw error
    if (isSystemError(error, 'ENOENT')) return []
    return [{ kind: 'trouble', absolutePath, fault: describeReadError(absolutePath, error) }]
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

/** Adds an entry to the result; returns folders, to be walked next. */
function sort(entry: Examined, { files, skipped, troubles }: WalkResult): readonly Folder[] {
  if (entry.kind === 'folder') return [entry]
  if (entry.kind === 'file') files.push(entry)
  else if (entry.kind === 'skipped') skipped.push(entry)
  else if (entry.kind === 'trouble') troubles.push(entry)
  return []
}

/** A name that isn't UTF-8, with its other bytes escaped: `caf\xe9.css`. */
function showBytes(name: Uint8Array): string {
  return Array.from(name, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('')
}

function tooMany(folder: string, maxEntries: number): FingerpostError {
  return new FingerpostError(
    'FP_SOURCE',
    `The source ${folder} has more than ${maxEntries} files and folders.`,
    {
      remedy:
        'Look for links that point into each other, or leave out the folder that has them with --ignore GLOB.',
      details: { folder, maxEntries },
    },
  )
}
