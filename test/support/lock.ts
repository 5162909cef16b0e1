import { mkdirSync } from 'node:fs'

/** True for the first process of a run that asks: it does what the others wait for. @param lock a path that doesn't exist yet */
export function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    return false
  }
}
