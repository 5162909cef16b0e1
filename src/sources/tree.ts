import type { Dirent } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { comparePaths } from '../core/path.ts'

/** How to walk: what a folder has, and what becomes of each entry. */
export interface Walker<Folder, Found> {
  list(folder: Folder): readonly Dirent[] | Promise<readonly Dirent[]>
  /** Undefined passes over the entry. */
  visit(entry: Dirent, folder: Folder): { readonly enter: Folder } | { readonly found: Found } | undefined
}

/** Entries visited before the event loop gets a turn: well under a millisecond's work. */
const ENTRIES_PER_TURN = 64

/** Everything found below a folder, in the order of whole paths, several at a time. */
export async function* walkTree<Folder, Found>(
  folder: Folder,
  walker: Walker<Folder, Found>,
  turn = { visited: 0 },
): AsyncGenerator<readonly Found[]> {
  let found: Found[] = []
  for (const entry of inPathOrder(await walker.list(folder))) {
    const result = walker.visit(entry, folder)
    const isTurn = ++turn.visited % ENTRIES_PER_TURN === 0
    if (result !== undefined && 'found' in result) found.push(result.found)
    if (isTurn || (result !== undefined && 'enter' in result)) {
      yield found
      found = []
    }
    if (isTurn) await setImmediate()
    if (result !== undefined && 'enter' in result) yield* walkTree(result.enter, walker, turn)
  }
  yield found
}

/** A folder sorts with its slash, so that whole paths come out in order: `a-b` before `a/b`. */
function inPathOrder(entries: readonly Dirent[]): readonly Dirent[] {
  const sortName = (entry: Dirent) => (entry.isDirectory() ? `${entry.name}/` : entry.name)
  return entries.toSorted((a, b) => comparePaths(sortName(a), sortName(b)))
}
