import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isSystemError } from '../../core/error.ts'

/** Every file below a folder but those with a dot, relative to it. */
export function listNames(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter(
      (name) =>
        !/(^|\/)\./.test(name) && statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true,
    )
    .sort()
}

export function hasFiles(folder: string): boolean {
  return isFolder(folder) && listNames(folder).length > 0
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** undefined if there is no such file. */
export function readText(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined
    throw error
  }
}
