import { statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { FingerpostError } from '../../core/error.ts'
import { nearestNames } from '../../core/nearest.ts'
import { isLogicalPath } from '../../core/path.ts'
import type { Collection, SourceFolder } from '../../sources/finder.ts'

/** Where a name was looked up. */
export interface SearchedPlaces {
  /** Absolute. */
  readonly cwd: string
  readonly sources: readonly SourceFolder[]
  readonly collection: Collection
}

/** Tells why no source has a name: its file is ignored, is outside every source, or has another name. */
export function explainUnknownName(name: string, places: SearchedPlaces): FingerpostError {
  const nearest = nearestNames(name, places.collection.files.keys())
  const reason = findIgnored(name, places) ?? findByPath(name, places)
  const searched = places.sources.map(({ folder, prefix }) => (prefix ? `${folder} (as ${prefix})` : folder))
  const hint = nearest.length === 0 ? '' : `Did you mean ${nearest.join(', ')}? `
  return new FingerpostError('FP_UNKNOWN_NAME', reason ?? `No source has ${JSON.stringify(name)}.`, {
    remedy: `${hint}Looked in ${searched.join(', ')}.`,
    details: { name, nearest },
  })
}

/** A source has the file, but leaves it out. */
function findIgnored(name: string, { sources }: SearchedPlaces): string | undefined {
  if (!isLogicalPath(name)) return undefined
  for (const { folder, prefix } of sources) {
    const file = join(folder, name.slice(prefix.length))
    if (!name.startsWith(prefix) || !isFile(file)) continue
    return `${JSON.stringify(name)} exists (${file}) but is ignored, or is a link that leaves its source.`
  }
  return undefined
}

/** The name is a path on disk, inside or outside the sources. */
function findByPath(name: string, { cwd, sources }: SearchedPlaces): string | undefined {
  const file = resolve(cwd, `.${sep}${name.replace(/^\/+/, '')}`)
  if (name === '' || !isFile(file)) return undefined
  for (const { folder, prefix } of sources) {
    const inside = relative(folder, file)
    if (inside.startsWith('..')) continue
    return `${JSON.stringify(name)} is a path. The name of ${file} is ${JSON.stringify(prefix + inside)}.`
  }
  return `${JSON.stringify(name)} exists (${file}) but is outside every source.`
}

function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true
  } catch {
    return false
  }
}
