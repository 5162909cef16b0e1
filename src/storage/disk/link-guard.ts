import { closeSync, existsSync, openSync, readlinkSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { FingerpostError } from '../../core/error.ts'

/** A file or folder below a root, held so that it can be used without looking up its name again. */
export interface Held {
  /** Leads to what was checked. On Linux that holds even if a folder on the way is replaced by a link meanwhile. */
  readonly path: string
  close(): void
}

/** Linux gives every open file a path. O_PATH opens anything, even a FIFO, without permission to read it. */
const OPEN_FILES = '/proc/self/fd'
const O_PATH = 0x200000
const CAN_HOLD = process.platform === 'linux' && existsSync(OPEN_FILES)

/** Does something with what a key leads to, synchronously. @throws as {@link hold} */
export function whileHeld<T>(root: string, key: string, work: (held: Held) => T): T {
  const held = hold(root, key)
  try {
    return work(held)
  } finally {
    held.close()
  }
}

/**
 * Holds what a key leads to. Links within the root are followed; the root itself may be one.
 *
 * @throws FingerpostError `FP_PATH` if links lead out of the root; the system's errors
 */
export function hold(root: string, key: string): Held {
  const path = join(root, key)
  if (!CAN_HOLD) {
    const real = realpathSync.native(path)
    refuseOutside(root, real, key)
    return { path: real, close: () => undefined }
  }
  const descriptor = openSync(path, O_PATH)
  const held = `${OPEN_FILES}/${descriptor}`
  try {
    refuseOutside(root, readlinkSync(held), key)
    return { path: held, close: () => closeSync(descriptor) }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

function refuseOutside(root: string, real: string, key: string): void {
  const isBelow = (folder: string) =>
    real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep)
  // The first without a system call: no part of a real path is a link.
  if (isBelow(root) || isBelow(realpathSync.native(root))) return
  throw new FingerpostError('FP_PATH', `A link leads ${JSON.stringify(key)} out of the folder ${root}.`, {
    remedy: 'Remove the link, or open the folder it leads to as a storage.',
    details: { key },
  })
}
