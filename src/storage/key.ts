import { randomUUID } from 'node:crypto'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { fileNameOf, folderOf, parseLogicalPath } from '../core/path.ts'
import type { SaveOptions } from './storage.ts'

const TEMPORARY = /^\.fingerpost-[0-9a-f]{16}\.tmp$/

/**
 * A new key for a file that is to be moved to `key`: in the same folder, of a fixed length, since the final name may
 * already be as long as the filesystem allows. Impossible to guess.
 */
export function temporaryKeyFor(key: string): string {
  // A UUID, because Node draws many of them at once; a build needs ten thousand.
  return `${folderOf(key)}.fingerpost-${randomUUID().replaceAll('-', '').slice(-16)}.tmp`
}

/** True for a key made by {@link temporaryKeyFor}. */
export function isTemporaryKey(key: string): boolean {
  return TEMPORARY.test(fileNameOf(key))
}

/** The key that S3 looks up for a URL with this one in it, if its `+` is not encoded. */
export function plusAlias(key: string): string {
  return key.replaceAll('+', ' ')
}

/**
 * Takes the first free key: the given one, then its alternatives.
 *
 * @param take stores under a key; throws `FP_EXISTS`, or the system's EEXIST, if the key is taken
 */
export async function tryKeys<T>(
  key: string,
  { alternative }: SaveOptions,
  take: (key: string) => Promise<T>,
): Promise<T> {
  let candidate = key
  for (let attempt = 1; ; attempt++) {
    try {
      return await take(candidate)
    } catch (error) {
      const next = isTaken(error) ? alternative?.(attempt) : undefined
      if (next === undefined) throw error
      candidate = parseLogicalPath(next)
    }
  }
}

function isTaken(error: unknown): boolean {
  return (error instanceof FingerpostError && error.code === 'FP_EXISTS') || isSystemError(error, 'EEXIST')
}
