import { lstatSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { dirname, sep } from 'node:path'
import { FingerpostError, isSystemError } from '../../core/error.ts'

/**
 * Refuses a path that symbolic links lead out of a folder. Links within the folder are followed; the folder itself may
 * be one. What doesn't exist yet is judged by the nearest folder that does.
 *
 * @throws FingerpostError `FP_PATH`
 */
export async function refuseOutside(root: string, path: string, key: string): Promise<void> {
  if (await isInside(root, path)) return
  throw new FingerpostError('FP_PATH', `A link leads ${JSON.stringify(key)} out of the folder ${root}.`, {
    remedy: 'Remove the link, or make the folder it leads to the storage.',
    details: { key },
  })
}

/** Refuses keys that links lead outside, as {@link refuseOutside}; made for one storage. */
export type OutsideGuard = (path: string, key: string) => Promise<void>

/** How long a folder that was found inside is taken for it: a build saves thousands of files into each. */
const REMEMBERED_MS = 1000

/** As {@link refuseOutside}, remembering folders for a second; a file that is a link itself is always followed. */
export function createOutsideGuard(root: string): OutsideGuard {
  const judged = new Map<string, { readonly at: number; readonly verdict: Promise<void> }>()
  return async (path, key) => {
    const folder = dirname(path)
    const now = performance.now()
    const known = judged.get(folder)
    // The promise is kept, so that of a hundred saves at once only one looks.
    const isFresh = known !== undefined && now - known.at < REMEMBERED_MS
    const verdict = isFresh ? known.verdict : refuseOutside(root, folder, key)
    if (!isFresh) judged.set(folder, { at: now, verdict })
    await verdict
    if (isLink(path)) await refuseOutside(root, path, key)
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
  } catch {
    // What can't be looked at is judged by the thorough way.
    return true
  }
}

/** True unless symbolic links lead the path out of the folder. */
export async function isInside(root: string, path: string): Promise<boolean> {
  const realRoot = await realOrUndefined(root)
  if (realRoot === undefined) return true
  const real = await nearestReal(root, path)
  return real === realRoot || real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep)
}

async function nearestReal(root: string, path: string): Promise<string> {
  for (let current = path; current !== root; current = dirname(current)) {
    const real = await realOrUndefined(current)
    if (real !== undefined) return real
  }
  return realpath(root)
}

async function realOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined
    throw error
  }
}
