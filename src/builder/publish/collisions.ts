import { ENCODINGS, variantPath } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { DICTIONARIES_FILE } from '../../core/manifest/dictionaries.ts'
import { HISTORY_FILE } from '../../core/manifest/history.ts'
import { MANIFEST_FILE } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Name } from '../rewrite/name.ts'
import { OWN_FOLDER } from './lock.ts'

/** Two files for one key. */
interface Collision {
  readonly key: string
  /** A logical path, or what fingerpost keeps there itself. */
  readonly first: string
  readonly second: LogicalPath
}

/** Collisions listed in a message; all of them are in its details. */
const SHOWN = 20

/**
 * Ensures that every key of the output belongs to one file. Names that are kept (`prehashed`) may collide with each
 * other, with fingerpost's own files, or be a file where another needs a folder. Upper and lower case count as the same,
 * as on the disks of macOS and Windows.
 *
 * @param names in order of path
 * @returns precompressed files that the sources bring (`app-B1xy.js.gz` beside `app-B1xy.js`), which must not be made
 * @throws FingerpostError `FP_COLLISION` naming all collisions
 */
export function resolveCollisions(names: ReadonlyMap<LogicalPath, Pick<Name, 'file'>>): ReadonlySet<string> {
  const brought = new Set<string>()
  if (!Array.from(names).some(mayCollide)) return brought
  const owners = new Map<string, { readonly path: LogicalPath; readonly file: string }>()
  const collisions: Collision[] = []
  for (const [path, { file }] of names) {
    const key = fold(file)
    const first = ownUse(key) ?? owners.get(key)?.path
    if (first === undefined) owners.set(key, { path, file })
    else collisions.push({ key: file, first, second: path })
  }
  for (const { path, file } of owners.values()) {
    const above = findAbove(fold(file), owners)
    if (above !== undefined) collisions.push({ key: above.file, first: above.path, second: path })
  }
  if (collisions.length > 0) throw createCollisionError(collisions)
  for (const key of owners.keys()) {
    // Only a key with the suffix of an encoding can be one, so not every key has to be looked up.
    const encoding = ENCODINGS.find((each) => key.endsWith(variantPath('', each)))
    if (encoding === undefined) continue
    const identity = owners.get(key.slice(0, -variantPath('', encoding).length))
    if (identity !== undefined) brought.add(variantPath(identity.file, encoding))
  }
  return brought
}

/** A digest in a name. */
const DIGEST = /\.[0-9a-f]{16}(?![0-9a-z])/i

/** Hashed names are as different as their paths. Only names that are kept, look hashed before, or use our folder can collide. */
function mayCollide([path, { file }]: readonly [LogicalPath, Pick<Name, 'file'>]): boolean {
  return file === path || DIGEST.test(path) || path.toLowerCase().startsWith(OWN_FOLDER)
}

/** The file whose name another file needs for a folder. */
function findAbove<T>(key: string, owners: ReadonlyMap<string, T>): T | undefined {
  for (let end = key.lastIndexOf('/'); end > 0; end = key.lastIndexOf('/', end - 1)) {
    const owner = owners.get(key.slice(0, end))
    if (owner !== undefined) return owner
  }
  return undefined
}

/** What fingerpost keeps under a key. */
function ownUse(key: string): string | undefined {
  if (key === MANIFEST_FILE) return "the build's manifest"
  if (key === HISTORY_FILE) return "the build's history"
  if (key === DICTIONARIES_FILE) return "the build's dictionaries"
  return `${key}/`.startsWith(OWN_FOLDER) ? "fingerpost's own folder" : undefined
}

function fold(key: string): string {
  return key.normalize('NFC').toLowerCase()
}

function createCollisionError(collisions: readonly Collision[]): FingerpostError {
  const lines = collisions
    .slice(0, SHOWN)
    .map(({ key, first, second }) => `\n  ${key}  (${first}, ${second})`)
  const more = collisions.length > SHOWN ? `\n  and ${collisions.length - SHOWN} more` : ''
  const message = `These names in the output would each belong to two files:${lines.join('')}${more}`
  return new FingerpostError('FP_COLLISION', message, {
    remedy: 'Remove one from prehashed, or leave it out with --ignore GLOB. Nothing was published.',
    details: { collisions },
  })
}
