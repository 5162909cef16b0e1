import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../core/digest.ts'
import { isSystemError } from '../core/error.ts'
import { type CacheIndex, parseIndex } from './cache-index.ts'

/** Where in a cache folder the index is. */
export const INDEX_FILE = 'index'

/** Reads the index of the cache in a folder; undefined for none, and for one that can't be read or is damaged. */
export function loadIndex(dir: string, digester: Digester): CacheIndex | undefined {
  return unlessUnreadable(() => parseIndex(readFileSync(join(dir, INDEX_FILE)), digester))
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

/** Written aside and renamed, so that no build reads half of it. No fsync: the checksum finds what a power cut tore. */
export function saveIndex(dir: string, bytes: Buffer): void {
  mkdirSync(dir, { recursive: true })
  const temporary = join(dir, `${INDEX_FILE}.${randomBytes(8).toString('hex')}.tmp`)
  writeFileSync(temporary, bytes)
  renameSync(temporary, join(dir, INDEX_FILE))
}
