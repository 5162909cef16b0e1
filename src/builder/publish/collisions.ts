import { ENCODINGS, variantPath } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { HISTORY_FILE } from '../../core/manifest/history.ts'
import { MANIFEST_FILE } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { Name } from '../rewrite/name.ts'
import { OWN_FOLDER } from './lock.ts'

/** Two that want one key. */
interface Clash {
  readonly key: string
  /** A logical path, or what fingerpost keeps there itself. */
  readonly first: string
  readonly second: LogicalPath
}

/** Clashes whose lines are in the message of an error; the rest is in its details. */
const SHOWN = 20

/**
 * Makes sure that every key of the output has one owner: with names that are kept (`prehashed`) two files may want the
 * same, or one that fingerpost needs, or one may be a file where the other needs a folder. Upper and lower case count as one, as on the disks of macOS and Windows.
 *
 * @returns the siblings that sources bring themselves (`app-B1xy.js.gz` beside `app-B1xy.js`), which must not be made
 * @throws FingerpostError `FP_COLLISION` naming all clashes
 */
export function claimKeys(
  names: readonly (readonly [LogicalPath, Pick<Name, 'file'>])[],
): ReadonlySet<string> {
  if (!names.some(mayClash)) return NONE
  const owners = new Map<string, { readonly path: LogicalPath; readonly file: string }>()
  const clashes: Clash[] = []
  for (const [path, { file }] of names) {
    const key = fold(file)
    const first = ownUse(key) ?? owners.get(key)?.path
    if (first === undefined) owners.set(key, { path, file })
    else clashes.push({ key: file, first, second: path })
  }
  for (const { path, file } of owners.values()) {
    const above = findAbove(fold(file), owners)
    if (above !== undefined) clashes.push({ key: above.file, first: above.path, second: path })
  }
  if (clashes.length > 0) throw createClashError(clashes)
  const brought = new Set<string>()
  for (const key of owners.keys()) {
    // Only a file whose key ends like a sibling's can be one, so no sibling's key has to be made to find out.
    const encoding = ENCODINGS.find((each) => key.endsWith(variantPath('', each)))
    if (encoding === undefined) continue
    const identity = owners.get(key.slice(0, -variantPath('', encoding).length))
    if (identity !== undefined) brought.add(variantPath(identity.file, encoding))
  }
  return brought
}

const NONE: ReadonlySet<string> = new Set()

/** What stands in a hashed name where the digest is. */
const DIGEST = /\.[0-9a-f]{16}(?![0-9a-z])/i

/**
 * Names that got their digest from us are as different as what they were made from, which nobody may spell in two
 * letter cases. Only a name that is kept, one that looks hashed before it is, and one in our own folder can meet another.
 */
function mayClash([path, { file }]: readonly [LogicalPath, Pick<Name, 'file'>]): boolean {
  return file === path || DIGEST.test(path) || path.toLowerCase().startsWith(OWN_FOLDER)
}

/** The file whose name another one needs for a folder. */
function findAbove<T>(key: string, owners: ReadonlyMap<string, T>): T | undefined {
  for (let end = key.lastIndexOf('/'); end > 0; end = key.lastIndexOf('/', end - 1)) {
    const owner = owners.get(key.slice(0, end))
    if (owner !== undefined) return owner
  }
  return undefined
}

/** What fingerpost itself keeps under a key. */
function ownUse(key: string): string | undefined {
  if (key === MANIFEST_FILE) return "the build's manifest"
  if (key === HISTORY_FILE) return "the build's history"
  return `${key}/`.startsWith(OWN_FOLDER) ? "fingerpost's own folder" : undefined
}

function fold(key: string): string {
  return key.normalize('NFC').toLowerCase()
}

function createClashError(clashes: readonly Clash[]): FingerpostError {
  const lines = clashes.slice(0, SHOWN).map(({ key, first, second }) => `\n  ${key}  (${first}, ${second})`)
  const more = clashes.length > SHOWN ? `\n  and ${clashes.length - SHOWN} more` : ''
  const message = `These names in the output would each belong to two:${lines.join('')}${more}`
  return new FingerpostError('FP_COLLISION', message, {
    remedy: 'Take one out of prehashed, or leave it out with --ignore GLOB. Nothing was published.',
    details: { clashes },
  })
}
