import { isUtf8 } from 'node:buffer'
import { type Dirent, readdirSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { describeReadError, type Examined, examineEntry, type Folder, type FoundFile } from './entry.ts'
import type { FileTrouble, Skipped } from './finder.ts'
import type { Ignore } from './ignore.ts'
import { walkTree } from './tree.ts'

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
  const result: WalkResult = { files: [], skipped: [], troubles: [] }
  const top: Folder = { path: '', absolutePath: folder, trail: [root] }
  let entries = 0
  const everything = walkTree<Folder, never>(top, {
    // Synchronous, as the stats are: the way through the thread pool takes longer than to read a folder.
    list: (each) => readFolder(each, result),
    visit(entry, each) {
      if (++entries > maxEntries) throw tooMany(folder, maxEntries)
      return sort(examineEntry(entry, each, { root, ignore }), result)
    },
  })
  for await (const _ of everything);
  return result
}

function readFolder({ absolutePath, path }: Folder, { troubles }: WalkResult): readonly Dirent[] {
  try {
    const entries = readdirSync(absolutePath, { withFileTypes: true })
    // Node puts U+FFFD into a name that isn't UTF-8, which then can't be opened. A name may also contain U+FFFD.
    if (!entries.some((entry) => entry.name.includes('\ufffd'))) return entries
    const names = readdirSync(absolutePath, { encoding: 'buffer' })
    for (const name of names.filter((each) => !isUtf8(each)))
      troubles.push({ absolutePath: `${absolutePath}/${showBytes(name)}`, fault: 'name is not UTF-8' })
    const readable = new Set(names.filter((each) => isUtf8(each)).map((each) => each.toString()))
    return entries.filter(({ name }) => readable.has(name))
  } catch (error) {
    if (path === '') throw error
    if (!isSystemError(error, 'ENOENT'))
      troubles.push({ absolutePath, fault: describeReadError(absolutePath, error) })
    return []
  }
}

/** Adds an entry to the result, or enters a folder. */
function sort(
  entry: Examined,
  { files, skipped, troubles }: WalkResult,
): { readonly enter: Folder } | undefined {
  if (entry.kind === 'folder') return { enter: entry }
  if (entry.kind === 'file') files.push(entry)
  else if (entry.kind === 'skipped') skipped.push(entry)
  else if (entry.kind === 'trouble') troubles.push(entry)
  return undefined
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
