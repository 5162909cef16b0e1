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

/** Folders without code of the app: packages, files for browsers, compiled code, tests. */
const FOREIGN_FOLDERS =
  /^(?:\.|(?:node_modules|assets|static|staticfiles|public|views|templates|dist|build|out|coverage|docs|examples?|tests?|__tests__)$)/
const CODE_FILE = /(?<!\.d|\.test|\.spec|\.config)\.[cm]?[jt]s$/

/** The files of an app's code near the root, relative to it: those of the root first. */
export function listCode(folder: string, depth = 3): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  const files = entries.filter((entry) => !entry.isDirectory() && CODE_FILE.test(entry.name))
  const below = entries.filter((entry) => entry.isDirectory() && !FOREIGN_FOLDERS.test(entry.name))
  const inside = ({ name }: { readonly name: string }) =>
    depth === 0 ? [] : listCode(join(folder, name), depth - 1).map((file) => `${name}/${file}`)
  return [...files.map(({ name }) => name), ...below.flatMap(inside)]
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
