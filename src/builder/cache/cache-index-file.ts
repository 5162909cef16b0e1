import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { isSystemError } from '../../core/error.ts'

/** Where in a cache folder the index is. */
export const INDEX_FILE = 'index'

/**
 * The lines of the index of the cache in a folder, without their ends; none if it isn't there or can't be read. A last
 * line that has no end was torn, and is none.
 */
export function readIndexLines(dir: string): IndexLines {
  const bytes = unlessUnreadable(() => readFileSync(join(dir, INDEX_FILE))) ?? Buffer.alloc(0)
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return { lines, isWhole: bytes.length > 0 && start === bytes.length }
}

/** What an index file holds. */
export interface IndexLines {
  readonly lines: readonly Buffer[]
  /** False if there is no index, or if its end was torn: nothing can be appended to it. */
  readonly isWhole: boolean
}

/** What changes with every change of the index; undefined where there is none. */
export function versionOf(dir: string): string | undefined {
  return unlessUnreadable(() => {
    const { ino, size, mtimeNs, ctimeNs } = statSync(join(dir, INDEX_FILE), { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  })
}

function unlessUnreadable<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) return undefined
    throw error
  }
}

/** Written aside and renamed, so that no build reads half of it. No fsync: the checksums find what a power cut tore. */
export function saveIndex(dir: string, lines: Iterable<Buffer>): void {
  mkdirSync(dir, { recursive: true })
  const temporary = temporaryPath(dir)
  writeLines(temporary, lines)
  renameSync(temporary, join(dir, INDEX_FILE))
}

/** Where in a cache folder something may be written aside; whoever is killed over it leaves it to be swept. */
export function temporaryPath(dir: string): string {
  return join(dir, `${INDEX_FILE}.${randomBytes(8).toString('hex')}.tmp`)
}

/** Adds lines at the end. In one piece, so that two builds never mix theirs (POSIX write, O_APPEND). */
export function appendToIndex(dir: string, lines: Buffer): void {
  appendFileSync(join(dir, INDEX_FILE), lines)
}

function writeLines(path: string, lines: Iterable<Buffer>): void {
  const descriptor = openSync(path, 'wx')
  try {
    for (const line of lines) writeFileSync(descriptor, line)
  } finally {
    closeSync(descriptor)
  }
}
