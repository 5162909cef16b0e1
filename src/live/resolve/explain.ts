import { statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { FingerpostError } from '../../core/error.ts'
import { nearestNames } from '../../core/nearest.ts'
import { isLogicalPath } from '../../core/path.ts'
import type { Collection, SourceFolder } from '../../sources/finder.ts'

/** Where a name was looked for. */
export interface SearchedPlaces {
  /** Absolute. */
  readonly cwd: string
  readonly sources: readonly SourceFolder[]
  readonly collection: Collection
}

/** Why no source has a name: it is ignored, it lies outside every source, it is called otherwise, it isn't there. */
export function explainUnknownName(name: string, places: SearchedPlaces): FingerpostError {
  const nearest = nearestNames(name, places.collection.files.keys())
  const reason = findLeftOut(name, places) ?? findElsewhere(name, places)
  const looked = `Looked in ${places.sources.map(describeSource).join(', ')}.`
  const hint = nearest.length === 0 ? '' : `Did you mean ${nearest.join(', ')}? `
  const message = reason === undefined ? `No source has ${JSON.stringify(name)}.` : reason
  return new FingerpostError('FP_UNKNOWN_NAME', message, {
    remedy: hint + looked,
    details: { name, nearest },
  })
}

function describeSource({ folder, prefix }: SourceFolder): string {
  return prefix === '' ? folder : `${folder} (as ${prefix})`
}

/** The file is in a source, and the source doesn't give it. */
function findLeftOut(name: string, { sources }: SearchedPlaces): string | undefined {
  if (!isLogicalPath(name)) return undefined
  for (const { folder, prefix } of sources) {
    const file = join(folder, name.slice(prefix.length))
    if (!name.startsWith(prefix) || !isFile(file)) continue
    return `${JSON.stringify(name)} exists (${file}) but is ignored, or is a link that leaves its source.`
  }
  return undefined
}

/** The name is a path on disk: that of a file of a source, or of one outside them all. */
function findElsewhere(name: string, { cwd, sources }: SearchedPlaces): string | undefined {
  const file = resolve(cwd, `.${sep}${name.replace(/^\/+/, '')}`)
  if (name === '' || !isFile(file)) return undefined
  for (const { folder, prefix } of sources) {
    const inside = relative(folder, file)
    if (inside.startsWith('..')) continue
    return `${JSON.stringify(name)} is a path; the name of ${file} is ${JSON.stringify(prefix + inside)}.`
  }
  return `${JSON.stringify(name)} exists (${file}) but lies outside every source.`
}

function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true
  } catch {
    return false
  }
}
