import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isSystemError } from '../../core/error.ts'

/** Where some bytes are. */
export interface PackPlace {
  readonly pack: string
  readonly offset: number
}

/**
 * Bytes one behind the other in a few big files: ten thousand siblings cost one open, and a CI service carries the
 * folder in no time. Each process writes packs of its own, so that builds at the same time don't meet.
 */
export interface PackStore {
  append(bytes: Uint8Array): PackPlace
  /** The bytes at a place; undefined if they aren't there. Whether they are the right ones is the caller's check. */
  read(place: PackPlace, size: number): Buffer | undefined
  /** Every pack there is, with its size in bytes and the time of its last change. */
  list(): readonly { readonly pack: string; readonly size: number; readonly modifiedMs: number }[]
  remove(pack: string): void
  close(): void
}

/** Bytes gathered before they are written: small siblings by the hundred, not one by one. */
const FLUSH_BYTES = 256 * 1024

const PACK = /^[0-9a-f]{16}\.pack$/

/** The packs in a folder, which is made with the first one. */
export function createPackStore(folder: string): PackStore {
  const own = `${randomBytes(8).toString('hex')}.pack`
  const readers = new Map<string, number | undefined>()
  let writer: number | undefined
  let pending: Uint8Array[] = []
  let flushed = 0
  let length = 0

  const flush = () => {
    if (pending.length === 0) return
    if (writer === undefined) {
      mkdirSync(folder, { recursive: true })
      writer = openSync(join(folder, own), 'wx')
    }
    const bytes = Buffer.concat(pending)
    pending = []
    for (let done = 0; done < bytes.length; ) done += writeSync(writer, bytes, done)
    flushed += bytes.length
  }
  const readerOf = (pack: string) => {
    if (!readers.has(pack)) readers.set(pack, openIfThere(join(folder, pack)))
    return readers.get(pack)
  }

  return {
    append(bytes) {
      const offset = length
      pending.push(bytes)
      length += bytes.length
      if (length - flushed >= FLUSH_BYTES) flush()
      return { pack: own, offset }
    },
    read({ pack, offset }, size) {
      if (pack === own) flush()
      const reader = PACK.test(pack) ? readerOf(pack) : undefined
      if (reader === undefined) return undefined
      const bytes = Buffer.allocUnsafeSlow(size)
      return readSync(reader, bytes, 0, size, offset) === size ? bytes : undefined
    },
    list: () => listPacks(folder),
    remove: (pack) => rmSync(join(folder, pack), { force: true }),
    close() {
      flush()
      for (const descriptor of [writer, ...readers.values()])
        if (descriptor !== undefined) closeSync(descriptor)
      readers.clear()
      writer = undefined
    },
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

function listPacks(folder: string) {
  return listFiles(folder).flatMap(({ name, ...rest }) => (PACK.test(name) ? [{ pack: name, ...rest }] : []))
}

/** The files of a folder, with their sizes in bytes and the times of their last changes; none if it isn't there. */
export function listFiles(folder: string): { name: string; size: number; modifiedMs: number }[] {
  return listFolder(folder).flatMap((name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false })
    return found?.isFile() ? [{ name, size: found.size, modifiedMs: found.mtimeMs }] : []
  })
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
