import type * as S3 from '@aws-sdk/client-s3'
import { FingerpostError } from '../../core/error.ts'
import { type FaultPlace, notFound } from '../fault.ts'
import type { S3Settings } from './options.ts'

/** A bucket with the SDK and its clients. */
export interface Bucket {
  readonly settings: S3Settings
  readonly sdk: typeof S3
  readonly client: S3.S3Client
  /** Makes URLs for browsers, which may reach the server at another address. */
  readonly signingClient: S3.S3Client
}

/** Loads the SDK and makes the clients on the first call: most programs never touch a bucket. */
export function createConnector(settings: S3Settings): () => Promise<Bucket> {
  let connection: Promise<Bucket> | undefined
  return () => {
    connection ??= connect(settings)
    return connection
  }
}

/**
 * Loads an optional package.
 *
 * @throws FingerpostError `FP_CONFIG` with the command that installs it
 */
export async function loadOptional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new FingerpostError('FP_CONFIG', `S3 needs the package ${name}, which can't be loaded.`, {
      remedy: `Install it: npm install ${name}`,
      cause,
    })
  }
}

async function connect(settings: S3Settings): Promise<Bucket> {
  const sdk = await loadOptional('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'))
  const { publicEndpoint } = settings
  const client = (settings.client as S3.S3Client | undefined) ?? new sdk.S3Client(configOf(settings))
  const signingClient =
    publicEndpoint === undefined
      ? client
      : new sdk.S3Client({ ...configOf(settings), endpoint: publicEndpoint })
  return { settings, sdk, client, signingClient }
}

function configOf(settings: S3Settings): S3.S3ClientConfig {
  const { region, endpoint, credentials, pathStyle, maxAttempts, timeoutMs } = settings
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: pathStyle,
    maxAttempts,
    requestHandler: {
      connectionTimeout: 5000,
      requestTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
    // Servers other than AWS support these checksums only in part; TLS and the signature protect what is sent.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  }
}

/** True if the server answered with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return statuses.includes(statusOf(error) ?? 0)
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined
  return (error.$metadata as { readonly httpStatusCode?: number }).httpStatusCode
}

/** True if the server says that the key is taken: 412, or 409 for two writers at once (Amazon S3, conditional writes). */
export function isTaken(error: unknown): boolean {
  return hasStatus(error, 412) || (hasStatus(error, 409) && nameOf(error) === 'ConditionalRequestConflict')
}

/** An error of the SDK or the network as one of ours. */
export function describeS3Fault(error: unknown, { storage, key, doing }: FaultPlace): FingerpostError {
  if (error instanceof FingerpostError) return error
  if (hasStatus(error, 404) && nameOf(error) !== 'NoSuchBucket') return notFound(storage, key, error)
  const remedy = remedyFor(error)
  return new FingerpostError(
    'FP_STORAGE',
    `${storage} refused to ${`${doing} ${key}`.trim()}: ${sayingOf(error)}.`,
    {
      ...(remedy === undefined ? {} : { remedy }),
      details: { storage, key, systemCode: nameOf(error) },
      cause: error,
    },
  )
}

function remedyFor(error: unknown): string | undefined {
  const region = bucketRegionOf(error)
  if (region !== undefined) return `The bucket is in the region ${region}: set the option region (--region).`
  if (hasStatus(error, 301, 307))
    return 'The bucket is in another region, or on another server: set the options region and endpoint (--region, --endpoint).'
  if (nameOf(error) === 'NoSuchBucket') return 'Create the bucket, or correct its name.'
  if (hasStatus(error, 401, 403)) return 'Check the credentials and their permissions on the bucket.'
  if (hasStatus(error, 500, 502, 503, 504)) return 'The server has a problem. Try again later.'
  return undefined
}

/** Amazon S3 names the region with every answer that the wrong one got, which has no other text to a HEAD request. */
function bucketRegionOf(error: unknown): string | undefined {
  if (!hasStatus(error, 301, 307, 400)) return undefined
  const { $response } = error as { readonly $response?: { readonly headers?: Record<string, string> } }
  return $response?.headers?.['x-amz-bucket-region']
}

function sayingOf(error: unknown): string {
  const name = nameOf(error)
  const message = error instanceof Error ? error.message : String(error)
  // What the SDK writes where the answer has no text, or no code: to a HEAD request, say.
  const known = [name, message].filter((text) => !/^(?:Error|Unknown|UnknownError|)$/.test(text))
  if (known.length === 0) return `the server answered with status ${statusOf(error)} and no text`
  return [...new Set(known)].join(': ')
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
