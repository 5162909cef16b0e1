import { FingerpostError, isSystemError } from '../core/error.ts'

/** Where a fault happened, for its message. */
export interface FaultPlace {
  readonly storage: string
  readonly key: string
  /** `save`, `move`, `read`, `stat`, `list`, `delete` */
  readonly doing: string
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space and try again. No partial file was left behind.',
  EDQUOT: 'The quota is used up: free some space and try again. No partial file was left behind.',
  EACCES: 'Give this user write permission on the folder, or choose another one.',
  EPERM: 'Give this user write permission on the folder, or choose another one.',
  EROFS: 'The filesystem is read-only: choose another folder.',
  ENOTDIR: 'Part of the path is a file where a folder is needed: remove or rename it.',
  EISDIR: 'There is a folder where the file belongs: remove or rename it.',
  ENAMETOOLONG: 'The name is too long for this filesystem: shorten it.',
  EMFILE: 'This process has too many open files: raise the limit (ulimit -n).',
  ENFILE: 'The system has too many open files: raise its limit (sysctl fs.file-max).',
}

const READING: ReadonlySet<string> = new Set(['read', 'stat', 'list'])
const READ_REMEDY = 'Let this user read it and enter every folder above it.'

/** An error of the operating system as one of ours; ours and unknown ones pass through. */
export function describeFault(error: unknown, { storage, key, doing }: FaultPlace): unknown {
  if (error instanceof FingerpostError || !isSystemError(error, ...FAULTS)) return error
  const details = { storage, key, systemCode: error.code }
  if (error.code === 'ENOENT') return notFound(storage, key, error)
  if (error.code === 'EEXIST') return taken(storage, key, error)
  const isDenied = error.code === 'EACCES' || error.code === 'EPERM'
  const remedy = isDenied && READING.has(doing) ? READ_REMEDY : REMEDIES[error.code ?? '']
  // Without the call and its path, which may be a temporary one: `EACCES: permission denied, open '…'`.
  const [reason] = error.message.split(',')
  return new FingerpostError('FP_STORAGE', `${storage} refused to ${`${doing} ${key}`.trim()}: ${reason}.`, {
    ...(remedy === undefined ? {} : { remedy }),
    details,
    cause: error,
  })
}

/** The error for a key that isn't there. */
export function notFound(storage: string, key: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_NOT_FOUND', `${storage} has no file ${key}.`, {
    details: { storage, key },
    cause,
  })
}

/** The error for a key that is taken. */
export function taken(storage: string, key: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_EXISTS', `${storage} already has ${key}.`, {
    remedy: 'Choose another key, or save with { overwrite: true }.',
    details: { storage, key },
    cause,
  })
}

/** The error for a file that was to be moved and is no longer the same. */
export function replaced(storage: string, key: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_CHANGED', `${storage}: ${key} was replaced before it could be moved.`, {
    details: { storage, key },
    cause,
  })
}

const FAULTS = [...Object.keys(REMEDIES), 'ENOENT', 'EEXIST', 'EIO', 'EBUSY', 'ELOOP', 'ESTALE']
