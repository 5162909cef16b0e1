import { FingerpostError, isSystemError } from '../core/error.ts'
import { parseLogicalPath } from '../core/path.ts'
import type { SaveOptions } from './storage.ts'

/**
 * Takes the first key that is free: the given one, then its alternatives.
 *
 * @param take stores under a key; a taken one is `FP_EXISTS`, or EEXIST of the system
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
