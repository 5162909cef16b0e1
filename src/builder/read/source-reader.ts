import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { FingerpostError, isSystemError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { SourceFile } from '../../sources/finder.ts'

/** Reads source files as they were when they were collected, or not at all. */
export interface SourceReader {
  /**
   * All bytes of a file.
   *
   * @throws FingerpostError `FP_CHANGED` if it is not the file that was collected: edited, replaced (by a FIFO or
   * folder, too) or gone; `FP_LIMIT` if it is larger than 2 GiB
   */
  read(file: SourceFile): Promise<Buffer>
  /** The same without waiting, for texts that are rewritten. @throws FingerpostError `FP_CHANGED` */
  readNow(file: SourceFile): Buffer
  /** How many times a file was read. */
  count(): number
}

/** Files up to this many bytes are read synchronously: four trips through the thread pool cost more than the reading. */
const SYNC_MAX_BYTES = 64 * 1024

/** Non-blocking: should the file have become a FIFO since it was collected, opening it would wait for ever. */
const READING = constants.O_RDONLY | constants.O_NONBLOCK

/** Makes a reader that counts. */
export function createSourceReader(): SourceReader {
  let reads = 0
  const readNow = (file: SourceFile) => {
    refuseTooLarge(file)
    reads++
    try {
      return readSmall(file)
    } catch (error) {
      throw explain(error, file)
    }
  }
  return {
    readNow,
    async read(file) {
      if (file.size <= SYNC_MAX_BYTES) return readNow(file)
      refuseTooLarge(file)
      reads++
      try {
        return await readLarge(file)
      } catch (error) {
        throw explain(error, file)
      }
    },
    count: () => reads,
  }
}

/** What a stat tells of an edit. */
interface FileState {
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly ino: bigint
}

function readSmall(file: SourceFile): Buffer {
  const descriptor = openSync(file.absolutePath, READING)
  try {
    refuseOtherKind(file, fstatSync(descriptor))
    const bytes = Buffer.allocUnsafeSlow(file.size)
    let length = 0
    for (let got = -1; got !== 0 && length < file.size; length += got) {
      got = readSync(descriptor, bytes, length, file.size - length, null)
    }
    refuseChange(file, fstatSync(descriptor, { bigint: true }), length)
    return bytes
  } finally {
    closeSync(descriptor)
  }
}

async function readLarge(file: SourceFile): Promise<Buffer> {
  const handle: FileHandle = await open(file.absolutePath, READING)
  try {
    refuseOtherKind(file, await handle.stat())
    const bytes = await handle.readFile()
    refuseChange(file, await handle.stat({ bigint: true }), bytes.length)
    return bytes
  } finally {
    await handle.close()
  }
}

function refuseTooLarge({ absolutePath, path, size }: SourceFile): void {
  const maxBytes = LIMITS.sourceMaxFileBytes
  if (size <= maxBytes) return
  throw new FingerpostError(
    'FP_LIMIT',
    `${absolutePath} has ${size} bytes; a source has at most ${maxBytes}.`,
    {
      remedy: `Leave it out (--ignore '${path}') and serve it from a folder of its own. Nothing was published.`,
      details: { path, file: absolutePath, size, maxBytes },
    },
  )
}

/** Asked before reading: a FIFO or a device has no end, or none of its own. */
function refuseOtherKind(file: SourceFile, now: Stats): void {
  if (!now.isFile()) throw changed(file, 'was replaced by a FIFO, device or folder')
}

/** Compared after reading, so that an edit while we read is seen as well. */
function refuseChange(file: SourceFile, now: FileState, length: number): void {
  const same =
    length === file.size &&
    now.size === BigInt(file.size) &&
    now.mtimeNs === file.mtimeNs &&
    now.ctimeNs === file.ctimeNs &&
    now.ino === file.inode
  if (!same) throw changed(file, 'was edited')
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
  return new FingerpostError('FP_CHANGED', `${file.absolutePath} ${what} while it was being built.`, {
    remedy: 'Nothing was published. Build again when the sources are at rest.',
    details: { path: file.path, file: file.absolutePath },
    cause,
  })
}
