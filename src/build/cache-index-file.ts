import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../core/digest.ts'
import { isSystemError } from '../core/error.ts'
import { type CacheIndex, parseIndex } from './cache-index.ts'

/** Where in a cache folder the index is. */
export const INDEX_FILE = 'index'

/** Reads the index of the cache in a folder; undefined for none, and for one that can't be read or is damaged. */
export function loadIndex(dir: string, digester: Digester): CacheIndex | undefined {
  return unlessUnreadable(() => parseIndex(splitLines(readFileSync(join(dir, INDEX_FILE))), digester))
}

/** Lines without their ends. A last one that has none was torn, and is none. */
function* splitLines(bytes: Buffer): Generator<Buffer> {
  let start = 0
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    yield bytes.subarray(start, end)
    start = end + 1
  }
}

/** What changes when a build saves its index, which it does in a new file each time; undefined where there is none. */
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
  const temporary = join(dir, `${INDEX_FILE}.${randomBytes(8).toString('hex')}.tmp`)
  writeLines(temporary, lines)
  renameSync(temporary, join(dir, INDEX_FILE))
}

function writeLines(path: string, lines: Iterable<Buffer>): void {
  const descriptor = openSync(path, 'wx')
  try {
    for (const line of lines) writeFileSync(descriptor, line)
  } finally {
    closeSync(descriptor)
  }
}
