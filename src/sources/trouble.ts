import { readlinkSync } from 'node:fs'
import { FingerpostError, isSystemError } from '../core/error.ts'
import type { FileTrouble } from './finder.ts'

/** One error for everything that can't be collected, so that a person mends it all in one go. */
export function createTroubleError(troubles: readonly FileTrouble[]): FingerpostError {
  const count = troubles.length === 1 ? 'One file' : `${troubles.length} files`
  const lines = troubles.map(({ absolutePath, fault }) => `\n  ${absolutePath}: ${fault}`)
  return new FingerpostError('FP_FILE', `${count} can't be collected:${lines.join('')}`, {
    remedy: 'Mend or remove what is named above, or leave it out with --ignore GLOB.',
    details: { files: troubles },
  })
}

/** What the operating system's refusal means for one file or folder. Unknown refusals are thrown on. */
export function describeFault(absolutePath: string, error: unknown): string {
  if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return `dangling link to ${linkText(absolutePath)}`
  if (isSystemError(error, 'ELOOP')) return `link loop: it leads to ${linkText(absolutePath)} and back`
  if (isSystemError(error, 'EACCES', 'EPERM', 'EIO', 'ENAMETOOLONG')) return `unreadable (${error.code})`
  throw error
}

/** A name that isn't UTF-8, with its odd bytes shown: `caf\xe9.css`. */
export function showBytes(name: Uint8Array): string {
  return Array.from(name, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('')
}

function linkText(absolutePath: string): string {
  try {
    return readlinkSync(absolutePath)
  } catch {
    return 'nothing'
  }
}
