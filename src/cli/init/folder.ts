import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isSystemError } from '../../core/error.ts'
import { describeFault } from '../../storage/fault.ts'

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

/** Folders without code of the app: packages, files for browsers, compiled code, tests. */
const FOREIGN_FOLDERS =
  /^(?:\.|(?:node_modules|assets|static|staticfiles|public|views|templates|dist|build|out|coverage|docs|examples?|bench|benchmarks?|tests?|__tests__)$)/
const CODE_FILE = /(?<!\.d|\.test|\.spec|\.config)\.[cm]?[jt]s$/

/** The files of an app's code near the root, relative to it: those of the root first. */
export function listCode(folder: string, depth = 3): readonly string[] {
  const entries = listFolder(folder).sort((a, b) => (a.name < b.name ? -1 : 1))
  const files = entries.filter((entry) => !entry.isDirectory() && CODE_FILE.test(entry.name))
  const below = entries.filter((entry) => entry.isDirectory() && !FOREIGN_FOLDERS.test(entry.name))
  const inside = ({ name }: { readonly name: string }) =>
    depth === 0 ? [] : listCode(join(folder, name), depth - 1).map((file) => `${name}/${file}`)
  return [...files.map(({ name }) => name), ...below.flatMap(inside)]
}

/** A folder that may not be read, such as that of a database, has no code of the app. */
function listFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (isSystemError(error, 'EACCES', 'EPERM')) return []
    throw error
  }
}

/** The text of a file of the app's code; empty if it may not be read. */
export function readCode(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EACCES', 'EPERM')) return ''
    throw error
  }
}

export function hasFiles(folder: string): boolean {
  return isFolder(folder) && listNames(folder).length > 0
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** undefined if there is no such file. @throws FingerpostError if it may not be read */
export function readText(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined
    throw describeFault(error, { storage: `folder ${folder}`, key: name, doing: 'read' })
  }
}
