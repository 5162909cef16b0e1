import { FingerpostError } from '../core/error.ts'
import { comparePaths, type LogicalPath } from '../core/path.ts'
import { createTroubleError } from './entry.ts'
import type { Collection, Finder, Shadowed, SourceFile } from './finder.ts'

/**
 * The files of all finders. If two have the same name, the earlier finder wins and the other file is reported as
 * shadowed.
 *
 * @throws FingerpostError `FP_FILE` listing everything that can't be collected; `FP_COLLISION` listing all names that a
 * case-insensitive disk can't tell apart; `FP_SOURCE` for a folder that is missing
 */
export async function collect(finders: readonly Finder[]): Promise<Collection> {
  const listings = await Promise.all(finders.map((finder) => finder.list()))
  const troubles = listings.flatMap((listing) => listing.troubles)
  if (troubles.length > 0) throw createTroubleError(troubles)
  const winners = new Map<LogicalPath, SourceFile>()
  const shadowed: Shadowed[] = []
  for (const loser of listings.flatMap((listing) => listing.files)) {
    const winner = winners.get(loser.path)
    if (winner === undefined) winners.set(loser.path, loser)
    // A folder may be listed twice, or be within another source.
    else if (winner.absolutePath !== loser.absolutePath) shadowed.push({ path: loser.path, winner, loser })
  }
  const files = new Map([...winners].sort(([a], [b]) => comparePaths(a, b)))
  refuseCollisions(files)
  return { files, shadowed, skipped: listings.flatMap((listing) => listing.skipped) }
}

/**
 * Every source that has the name, the winner first (Django's `findstatic`).
 *
 * @throws FingerpostError `FP_FILE` if a source has it but it can't be collected
 */
export function findEverywhere(finders: readonly Finder[], path: LogicalPath): readonly SourceFile[] {
  return finders.flatMap((finder) => finder.find(path) ?? [])
}

/** macOS and Windows store `A.css` and `a.css` in one file; macOS also é composed and decomposed. */
function refuseCollisions(files: ReadonlyMap<LogicalPath, SourceFile>): void {
  const folds = new Set<string>()
  for (const path of files.keys()) folds.add(fold(path))
  if (folds.size === files.size) return
  const spellings = new Map<string, SourceFile[]>()
  for (const file of files.values()) {
    const folded = fold(file.path)
    const same = spellings.get(folded)
    if (same === undefined) spellings.set(folded, [file])
    else same.push(file)
  }
  const collisions = [...spellings.values()].filter((same) => same.length > 1)
  const lines = collisions.flat().map((file) => `\n  ${file.path}  (${file.absolutePath})`)
  throw new FingerpostError(
    'FP_COLLISION',
    `These names are the same on a case-insensitive disk:${lines.join('')}`,
    {
      remedy: 'Rename all but one, or leave the others out with --ignore GLOB.',
      details: { paths: collisions.map((same) => same.map((file) => file.path)) },
    },
  )
}

function fold(path: LogicalPath): string {
  return path.normalize('NFC').toLowerCase()
}
