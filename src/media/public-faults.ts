import { type ErrorCode, FingerpostError, isSystemError } from '../core/error.ts'
import type { Log } from '../http/log.ts'
import type { Storage } from '../storage/storage.ts'

/** What a fault of each method means to a visitor. */
const SAYINGS = {
  save: 'The file could not be saved.',
  move: 'The file could not be saved.',
  read: 'The file could not be read.',
  stat: 'The file could not be read.',
  openFile: 'The file could not be read.',
  delete: 'The file could not be deleted.',
  sweep: 'The files could not be swept.',
  signedUrl: 'The address of the file could not be made.',
  presignedPost: 'The address of the file could not be made.',
} as const

/** Codes whose messages name folders and buckets. */
const WITH_PLACES: readonly ErrorCode[] = [
  'FP_STORAGE',
  'FP_NOT_FOUND',
  'FP_EXISTS',
  'FP_CHANGED',
  'FP_PATH',
  'FP_CONFIG',
]

/** Apps and tests may replace the methods, as those of a plain object. */
const REPLACEABLE = { enumerable: true, writable: true, configurable: true }

/**
 * The storage, with errors that a route may show to visitors: Fastify's default error handler sends the message of any
 * error. The original is the `cause`. Faults of the disk or server are logged.
 */
export function withPublicFaults(storage: Storage, log: Log): Storage {
  const told = (error: unknown, saying: string): unknown => {
    const shown = publicFault(error, saying)
    if (shown?.code === 'FP_STORAGE') log.error(error)
    return shown ?? error
  }
  // `folder /srv/media`, `s3://bucket`; but `memory` is no place.
  const name = /[/\\]/.test(storage.name) ? 'this storage' : storage.name
  const methods: Record<string, PropertyDescriptor> = { name: { value: name, ...REPLACEABLE } }
  for (const [method, saying] of Object.entries(SAYINGS)) {
    const own = storage[method as keyof typeof SAYINGS] as ((...given: unknown[]) => unknown) | undefined
    if (own === undefined) continue
    const value = async (...given: unknown[]) => {
      try {
        return await own.apply(storage, given)
      } catch (error) {
        throw told(error, saying)
      }
    }
    methods[method] = { value, ...REPLACEABLE }
  }
  for (const method of ['open', 'list'] as const) {
    const own = storage[method] as (...given: unknown[]) => AsyncIterable<unknown>
    const value = async function* (...given: unknown[]) {
      try {
        yield* own.apply(storage, given)
      } catch (error) {
        throw told(error, SAYINGS.read)
      }
    }
    methods[method] = { value, ...REPLACEABLE }
  }
  const { url } = storage
  if (url !== undefined) methods['url'] = { value: (key: string) => url.call(storage, key), ...REPLACEABLE }
  return Object.create(storage, methods)
}

/** Undefined for an error that is no fault of the storage: the content's own, or one that is worded for visitors. */
function publicFault(error: unknown, saying: string): FingerpostError | undefined {
  if (error instanceof FingerpostError) {
    if (error.statusCode !== undefined || !WITH_PLACES.includes(error.code)) return undefined
    const statusCode = statusOf(error)
    return new FingerpostError(error.code, saying, { cause: error, ...(statusCode && { statusCode }) })
  }
  // Of the system or the S3 SDK, and unknown to the storage.
  if (!(error instanceof Error && ('syscall' in error || '$metadata' in error))) return undefined
  return new FingerpostError('FP_STORAGE', saying, { statusCode: 500, cause: error })
}

function statusOf({ code, cause }: FingerpostError): number | undefined {
  if (code === 'FP_CHANGED') return 409
  if (code !== 'FP_STORAGE') return undefined
  return isSystemError(cause, 'ENOSPC', 'EDQUOT') ? 507 : 500
}
