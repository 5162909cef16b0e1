import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { SourceFile } from '../../sources/finder.ts'

/** Reads source files as they were when they were collected, or not at all. */
export interface SourceReader {
  /**
   * All bytes of a file. Synchronous: for most files four trips through the thread pool cost more than reading.
   *
   * @throws FingerpostError `FP_CHANGED` if it is no longer the file that was collected (edited, replaced, removed),
   * `FP_LIMIT` if it is larger than 2 GiB, `FP_FILE` if it can't be read
   */
  read(file: SourceFile): Buffer
  /** Files read so far, each reading counted. */
  count(): number
}

export function createSourceReader(): SourceReader {
  let reads = 0
  return {
    read(file) {
      refuseTooLarge(file)
      reads++
      try {
        return readUnchanged(file)
      } catch (error) {
        throw explain(error, file)
      }
    },
    count: () => reads,
  }
}

/** Non-blocking: opening a FIFO that has replaced the file would wait forever. */
const READING = constants.O_RDONLY | constants.O_NONBLOCK

function readUnchanged(file: SourceFile): Buffer {
  const descriptor = openSync(file.absolutePath, READING)
  try {
    // Before reading: a FIFO or a device may have no end.
    if (!fstatSync(descriptor).isFile()) throw changed(file, 'was replaced by a FIFO, device or folder')
    const bytes = Buffer.allocUnsafeSlow(file.size)
    let length = 0
    for (let got = -1; got !== 0 && length < file.size; length += got) {
      got = readSync(descriptor, bytes, length, file.size - length, null)
    }
    // After reading: an edit while we read counts as well.
    if (length !== file.size || !isSame(file, fstatSync(descriptor, { bigint: true }))) {
      throw changed(file, 'was edited')
    }
    return bytes
  } finally {
    closeSync(descriptor)
  }
}

function isSame({ size, mtimeNs, ctimeNs, inode }: SourceFile, now: BigIntStats): boolean {
  return now.size === BigInt(size) && now.mtimeNs === mtimeNs && now.ctimeNs === ctimeNs && now.ino === inode
}

function refuseTooLarge({ absolutePath, path, size }: SourceFile): void {
  const maxBytes = LIMITS.sourceMaxFileBytes
  if (size <= maxBytes) return
  const message = `${absolutePath} has ${size} bytes. The limit for a source file is ${maxBytes}.`
  throw new FingerpostError('FP_LIMIT', message, {
    remedy: `Leave it out (--ignore '${path}') and serve it from a folder of its own. Nothing was published.`,
    details: { path, file: absolutePath, size, maxBytes },
  })
}

function explain(error: unknown, file: SourceFile): unknown {
  if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return changed(file, 'vanished', error)
  if (error instanceof FingerpostError || !(error instanceof Error)) return error
  return new FingerpostError('FP_FILE', `${file.absolutePath} can't be read: ${error.message}.`, {
    details: { path: file.path, file: file.absolutePath },
    cause: error,
  })
}

function changed(file: SourceFile, what: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_CHANGED', `${file.absolutePath} ${what} during the build.`, {
    remedy: 'Nothing was published. Build again when the sources no longer change.',
    details: { path: file.path, file: file.absolutePath },
    cause,
  })
}
