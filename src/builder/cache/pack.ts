import { randomBytes } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../../core/digest.ts'

// A pack is a file: values one after the other, an index of text lines, and a trailer `FORMAT INDEX_BYTES INDEX_DIGEST`.
// It gets its name when it is complete and never changes afterwards, so builds that run at the same time can't tear it.

/** The name of a complete pack, and of one being written. */
export const PACK_NAME = /^[0-9a-f]{16}\.pack$/
export const UNFINISHED_PACK_NAME = /^[0-9a-f]{16}\.tmp$/

/** Change it with every change of the format, of the index lines or of the meaning of a key. */
const FORMAT = 'fingerpost-2'

const LENGTH_DIGITS = 15
const DIGEST_DIGITS = 16
const TRAILER_BYTES = FORMAT.length + 1 + LENGTH_DIGITS + 1 + DIGEST_DIGITS

/** Bytes gathered before they are written. */
const FLUSH_BYTES = 256 * 1024

/** A complete pack. */
export interface Pack {
  readonly name: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly writtenAt: number
  /** The lines that the writer was given. */
  readonly index: string
  /** The bytes at a place; undefined if the pack ends before. */
  read(offset: number, size: number): Buffer | undefined
  close(): void
}

/** A pack being written. Its file is created with the first value. */
export interface PackWriter {
  readonly name: string
  /** Bytes of the values so far. */
  bytes(): number
  /** @returns the offset of the value */
  append(value: Uint8Array): number
  read(offset: number, size: number): Buffer | undefined
  /** Writes the index and gives the file its name. */
  finish(lines: Iterable<string>): void
  /** Closes the file; removes it unless it is finished. */
  close(): void
}

/** Opens a complete pack; undefined if it is damaged or of another format. @throws the system's error */
export function openPack(folder: string, name: string, digester: Digester): Pack | undefined {
  const file = openSync(join(folder, name), 'r')
  const { size, mtimeMs } = fstatSync(file)
  const trailer = readAt(file, size - TRAILER_BYTES, TRAILER_BYTES)?.toString('latin1')
  const [format, length, digest] = trailer?.split(' ') ?? []
  const index = readAt(file, size - TRAILER_BYTES - Number(length), Number(length))
  if (format !== FORMAT || index === undefined || digester.of(index) !== digest) {
    closeSync(file)
    return undefined
  }
  return {
    ...{ name, bytes: size, writtenAt: mtimeMs, index: index.toString() },
    read: (offset, bytes) => readAt(file, offset, bytes),
    close: () => closeSync(file),
  }
}

/** Begins a pack under a random name. */
export function createPack(folder: string, digester: Digester): PackWriter {
  const id = randomBytes(8).toString('hex')
  const unfinished = join(folder, `${id}.tmp`)
  let file: number | undefined
  let isFinished = false
  let pending: Uint8Array[] = []
  let flushed = 0
  let length = 0

  const flush = (): number => {
    file ??= createFile(folder, unfinished)
    const bytes = Buffer.concat(pending)
    pending = []
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    flushed += bytes.length
    return file
  }
  const append = (value: Uint8Array) => {
    const offset = length
    pending.push(value)
    length += value.length
    if (length - flushed >= FLUSH_BYTES) flush()
    return offset
  }

  return {
    name: `${id}.pack`,
    bytes: () => length,
    append,
    read: (offset, size) => readAt(flush(), offset, size),
    finish(lines) {
      const start = length
      const digest = digester.stream()
      for (const bytes of inPieces(lines)) {
        digest.update(bytes)
        append(bytes)
      }
      const bytes = String(length - start).padStart(LENGTH_DIGITS, '0')
      append(Buffer.from(`${FORMAT} ${bytes} ${digest.digest()}`))
      flush()
      renameSync(unfinished, join(folder, `${id}.pack`))
      isFinished = true
    },
    close() {
      if (file === undefined) return
      closeSync(file)
      file = undefined
      if (!isFinished) rmSync(unfinished, { force: true })
    },
  }
}

function createFile(folder: string, path: string): number {
  mkdirSync(folder, { recursive: true })
  return openSync(path, 'wx+')
}

/** Lines as bytes, many at a time. */
function* inPieces(lines: Iterable<string>): Generator<Buffer> {
  let piece = ''
  for (const line of lines) {
    piece += line
    if (piece.length < FLUSH_BYTES) continue
    yield Buffer.from(piece)
    piece = ''
  }
  yield Buffer.from(piece)
}

function readAt(file: number, offset: number, size: number): Buffer | undefined {
  // Also false for NaN, which a damaged trailer gives.
  if (!(offset >= 0 && size >= 0)) return undefined
  const bytes = Buffer.allocUnsafeSlow(size)
  return readSync(file, bytes, 0, size, offset) === size ? bytes : undefined
}
