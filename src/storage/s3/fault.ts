import { FingerpostError } from '../../core/error.ts'
import { type FaultPlace, notFound } from '../fault.ts'

/** True if the server answered with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return false
  const { $metadata: metadata } = error
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return false
  return statuses.includes(Number(metadata.httpStatusCode))
}

/** True for an error of the SDK, which notes on each how often it tried; content that breaks off throws its own. */
export function isS3Fault(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$metadata' in error
}

/** True if the server says that the key is taken: 412, or 409 where two writers met (Amazon S3, conditional writes). */
export function isTaken(error: unknown): boolean {
  return hasStatus(error, 412) || (hasStatus(error, 409) && nameOf(error) === 'ConditionalRequestConflict')
}

/** An error of the SDK or the network as one of ours. */
export function describeS3Fault(error: unknown, { storage, key, doing }: FaultPlace): FingerpostError {
  if (error instanceof FingerpostError) return error
  if (hasStatus(error, 404) && nameOf(error) !== 'NoSuchBucket') return notFound(storage, key, error)
  const remedy = remedyFor(error)
  return new FingerpostError('FP_STORAGE', `${storage} refused to ${doing} ${key}: ${sayingOf(error)}.`, {
    ...(remedy === undefined ? {} : { remedy }),
    details: { storage, key, systemCode: nameOf(error) },
    cause: error,
  })
}

function remedyFor(error: unknown): string | undefined {
  if (nameOf(error) === 'NoSuchBucket') return 'Create the bucket, or correct its name.'
  if (hasStatus(error, 401, 403)) return 'Check the credentials and the permissions they have on the bucket.'
  if (hasStatus(error, 500, 502, 503, 504)) return 'The server is in trouble: run again later.'
  return undefined
}

function sayingOf(error: unknown): string {
  const name = nameOf(error)
  const message = error instanceof Error ? error.message : String(error)
  return message === '' || message === name ? name : `${name}: ${message}`
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
