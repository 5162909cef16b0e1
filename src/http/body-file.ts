import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digester } from '../core/digest.ts'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import type { ByteRange } from '../storage/storage.ts'
import { lengthOf } from './range.ts'
import type { BodyFile } from './response.ts'

/** What is used of an open file (`node:fs/promises` FileHandle). */
export interface OpenFile {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  close(): Promise<void>
}

/** Opens a file of the build by its path relative to the build's folder. */
export type OpenBody = (path: string) => Promise<OpenFile>

/**
 * Opens files of a folder. The path comes from a manifest, never from a request. Should somebody put a FIFO in a
 * file's place, O_NONBLOCK keeps the open from waiting for a writer for ever (nothing changes for regular files).
 */
export function createOpener(root: string): OpenBody {
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
  return (path) => open(join(root, path), flags)
}

/**
 * All bytes of a file: one open, no stat.
 *
 * @throws FingerpostError `FP_DAMAGED` if they aren't the bytes the manifest promises, or can't be read
 */
export async function readBody(file: BodyFile, open: OpenBody, digester: Digester): Promise<Buffer> {
  // Not from the pool: a cached slice would hold on to its neighbours.
  const bytes = Buffer.allocUnsafeSlow(file.size)
  await withFile(file, open, async (source) => {
    if ((await fill(source, bytes, 0)) < file.size) throw damaged(file, 'it is shorter')
  })
  if (digester.of(bytes) !== file.digest) throw damaged(file, 'its bytes are others')
  return bytes
}

/**
 * The bytes of a part of a file as they are read, from one that is open already. Never more than the range; fewer only
 * by throwing.
 *
 * @throws FingerpostError `FP_DAMAGED` if the file ends early, or, where the range is the whole file, before its last
 * piece if the digest is wrong: a receiver who never gets the last byte knows that what it has is worth nothing
 */
export async function* readRange(
  source: OpenFile,
  file: BodyFile,
  range: ByteRange,
  digester: Digester,
): AsyncGenerator<Buffer> {
  const hash = lengthOf(range) === file.size ? digester.stream() : undefined
  for (let at = range.start; at <= range.end; ) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(LIMITS.streamChunkBytes, range.end - at + 1))
    if ((await fill(source, chunk, at)) < chunk.length) throw damaged(file, 'it is shorter')
    hash?.update(chunk)
    at += chunk.length
    if (at > range.end && hash !== undefined && hash.digest() !== file.digest)
      throw damaged(file, 'its bytes are others')
    yield chunk
  }
}

/** Opens a file for {@link readRange}. @throws FingerpostError `FP_DAMAGED` */
export async function openBody(file: BodyFile, open: OpenBody): Promise<OpenFile> {
  try {
    return await open(file.path)
  } catch (cause) {
    throw damaged(file, isSystemError(cause, 'ENOENT') ? 'it is gone' : 'it cannot be opened', cause)
  }
}

/** True for the error of a file that was removed, as a prune does with those of builds nobody keeps. */
export function isGone(error: unknown): boolean {
  return error instanceof FingerpostError && isSystemError(error.cause, 'ENOENT')
}

async function withFile(
  file: BodyFile,
  open: OpenBody,
  use: (source: OpenFile) => Promise<void>,
): Promise<void> {
  const source = await openBody(file, open)
  try {
    await use(source)
  } catch (cause) {
    throw cause instanceof FingerpostError ? cause : damaged(file, 'it cannot be read', cause)
  } finally {
    await source.close()
  }
}

/** Reads until the buffer is full or the file ends. */
async function fill(source: OpenFile, buffer: Buffer, position: number): Promise<number> {
  let done = 0
  while (done < buffer.length) {
    const { bytesRead } = await source.read(buffer, done, buffer.length - done, position + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

function damaged(file: BodyFile, fault: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_DAMAGED', `${file.path} isn't what the manifest promises: ${fault}.`, {
    remedy: 'Remove it, and whatever else fingerpost check names; then build again: fingerpost build',
    details: { file: file.path, size: file.size, digest: file.digest },
    cause,
  })
}
