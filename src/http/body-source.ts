import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digester } from '../core/digest.ts'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { describeFault } from '../storage/fault.ts'
import type { ByteRange, OpenFile, Storage } from '../storage/storage.ts'
import { lengthOf } from './range.ts'
import type { BodyFile } from './response.ts'

/** Where the bytes of bodies come from. */
export interface BodySource {
  /** @throws FingerpostError if the file is missing or cannot be opened */
  open(file: BodyFile): Promise<OpenBody>
}

/** An open file. Ranges may be read in any order. */
export interface OpenBody {
  /** Exactly the bytes of the range, in pieces. @throws FingerpostError if the file does not have them */
  read(range: ByteRange): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** Opens a file by its path relative to the source's root. */
export type OpenPath = (file: BodyFile) => Promise<OpenFile>

/**
 * Opens files of a folder. Paths come from a manifest, never from a request. With O_NONBLOCK, opening a FIFO in place
 * of a file does not wait for a writer; regular files are unaffected.
 */
export function createOpener(root: string): OpenPath {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
  return async ({ folder = root, path }) => {
    try {
      return await open(join(folder, path), flags)
    } catch (error) {
      // Nothing is wrong with the file then.
      if (!isSystemError(error, 'EMFILE', 'ENFILE')) throw error
      throw describeFault(error, { storage: `folder ${folder}`, key: path, doing: 'read' })
    }
  }
}

/** A file handle and how many answers read from it. */
interface Shared {
  readonly opening: Promise<OpenFile>
  users: number
}

/**
 * Reads files through one descriptor each: reads are positional, so all answers with the same file share its handle,
 * and the last one closes it.
 *
 * @param digester verifies whole files against their entity tag; without it bytes are not verified
 */
export function createFileSource(openPath: OpenPath, digester?: Digester): BodySource {
  const shared = new Map<string, Shared>()
  const remedy = digester === undefined ? OF_OTHERS : OF_BUILD
  const release = async (key: string, entry: Shared): Promise<void> => {
    entry.users--
    if (entry.users > 0) return
    if (shared.get(key) === entry) shared.delete(key)
    const handle = await entry.opening.catch(() => undefined)
    await handle?.close()
  }

  return {
    async open(file) {
      const { key } = file
      const entry = shared.get(key) ?? { opening: openPath(file), users: 0 }
      shared.set(key, entry)
      entry.users++
      try {
        const handle = await entry.opening
        return {
          async *read(range) {
            try {
              yield* readRange(handle, file, range, digester)
            } catch (error) {
              // The next answer opens the file again: it may have been repaired.
              if (shared.get(key) === entry) shared.delete(key)
              throw error instanceof FingerpostError
                ? error
                : damaged(file, 'it cannot be read', remedy, error)
            }
          },
          close: () => release(key, entry),
        }
      } catch (cause) {
        await release(key, entry)
        if (cause instanceof FingerpostError) throw cause
        const fault = isSystemError(cause, 'ENOENT') ? 'it is missing' : 'it cannot be opened'
        throw damaged(file, fault, remedy, cause)
      }
    },
  }
}

/** Reads files of any storage, which opens them once for each range. */
export function createStorageSource(storage: Pick<Storage, 'open'>): BodySource {
  return {
    open: async (file) => ({
      read: (range) =>
        exactly(storage.open(file.path, isWhole(range, file) ? undefined : range), file, range),
      close: async () => undefined,
    }),
  }
}

/** All bytes of a file, in one buffer. @throws FingerpostError `FP_DAMAGED` */
export async function readBody(file: BodyFile, source: BodySource): Promise<Buffer> {
  // Not from the pool: a cached slice would retain the whole pool.
  const bytes = Buffer.allocUnsafeSlow(file.size)
  const body = await source.open(file)
  try {
    let at = 0
    for await (const piece of body.read({ start: 0, end: file.size - 1 })) {
      bytes.set(piece, at)
      at += piece.length
    }
    return bytes
  } finally {
    await body.close()
  }
}

/** True for the error of a file that was removed, for example by a prune. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof FingerpostError)) return false
  return error.code === 'FP_NOT_FOUND' || isSystemError(error.cause, 'ENOENT')
}

/**
 * The bytes of a range. If it is the whole file, the digest is verified before the last piece: a receiver that never
 * gets the last byte knows that the rest is worthless.
 */
async function* readRange(
  handle: OpenFile,
  file: BodyFile,
  range: ByteRange,
  digester: Digester | undefined,
): AsyncGenerator<Buffer> {
  const hash = isWhole(range, file) ? digester?.stream() : undefined
  for (let at = range.start; at <= range.end; ) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(LIMITS.streamChunkBytes, range.end - at + 1))
    if ((await fill(handle, chunk, at)) < chunk.length)
      throw damaged(file, 'it is shorter', digester === undefined ? OF_OTHERS : OF_BUILD)
    hash?.update(chunk)
    at += chunk.length
    if (at > range.end) verify(file, hash)
    yield chunk
  }
  if (lengthOf(range) === 0) verify(file, hash)
}

function verify(file: BodyFile, hash: ReturnType<Digester['stream']> | undefined): void {
  if (hash !== undefined && hash.digest() !== file.etag) throw damaged(file, 'its content differs', OF_BUILD)
}

/** Reads until the buffer is full or the file ends. */
async function fill(handle: OpenFile, buffer: Buffer, position: number): Promise<number> {
  let done = 0
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

/** Passes pieces on while they fit the range. @throws FingerpostError `FP_DAMAGED` for more or fewer bytes */
async function* exactly(
  pieces: AsyncIterable<Uint8Array>,
  file: BodyFile,
  range: ByteRange,
): AsyncGenerator<Uint8Array> {
  let left = lengthOf(range)
  for await (const piece of pieces) {
    left -= piece.length
    if (left < 0) throw damaged(file, 'the storage sent more bytes than it was asked for', OF_OTHERS)
    yield piece
  }
  if (left > 0) throw damaged(file, 'the storage sent fewer bytes than it was asked for', OF_OTHERS)
}

function isWhole(range: ByteRange, { size }: BodyFile): boolean {
  return lengthOf(range) === size
}

const OF_BUILD = 'Run fingerpost check, remove the files it names, and build again: fingerpost build'

/** Nothing tells what a file of `folders` or an upload should be. */
const OF_OTHERS = 'Nothing has to be done if a program has replaced or removed it just now.'

function damaged(file: BodyFile, fault: string, remedy: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_DAMAGED', `${file.path} is not the file it should be: ${fault}.`, {
    remedy,
    details: { file: file.path, size: file.size, etag: file.etag },
    cause,
  })
}
