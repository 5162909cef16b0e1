import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Bytes that don't change any more, in memory or elsewhere. */
export interface Page {
  readonly length: number
  /** The bytes from `start` to before `end`; none if they can't be read. */
  read(start: number, end: number): Buffer
}

/** A page in memory. */
export function pageOf(bytes: Buffer): Page {
  return { length: bytes.length, read: (start, end) => bytes.subarray(start, end) }
}

/** Where full pages are put away, so that what a build learns isn't all in memory until it ends. */
export interface PageFile {
  /** Puts a page away. @throws the system's error */
  put(bytes: Buffer): Page
  /** Afterwards no page can be read. */
  close(): void
}

/** A file of pages, made with the first one, and without a name from then on: not even a killed build leaves it. */
export function createPageFile(path: string): PageFile {
  let descriptor: number | undefined
  let length = 0
  const openFile = () => {
    mkdirSync(dirname(path), { recursive: true })
    const opened = openSync(path, 'wx+')
    rmSync(path)
    return opened
  }
  const read = (at: number, size: number): Buffer => {
    const bytes = Buffer.allocUnsafeSlow(size)
    const got = descriptor === undefined ? 0 : readSync(descriptor, bytes, 0, size, at)
    return got === size ? bytes : NOTHING
  }

  return {
    put(bytes) {
      descriptor ??= openFile()
      const at = length
      for (let done = 0; done < bytes.length; )
        done += writeSync(descriptor, bytes, done, bytes.length - done, at + done)
      length += bytes.length
      return { length: bytes.length, read: (start, end) => read(at + start, end - start) }
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}

const NOTHING = Buffer.alloc(0)
