import type * as S3 from '@aws-sdk/client-s3'
import { FingerpostError } from '../../core/error.ts'
import type { S3Settings } from './options.ts'

/** The SDK and a client, loaded when they are first needed: most programs never touch a bucket. */
export interface S3Connection {
  readonly sdk: typeof S3
  readonly client: S3.S3Client
  /** Makes URLs for browsers, which may reach the server by another address. */
  readonly signingClient: S3.S3Client
}

/** Loads the SDK and makes the clients once; every later call gets the same ones. */
export function createConnector(settings: S3Settings): () => Promise<S3Connection> {
  let connection: Promise<S3Connection> | undefined
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

async function connect(settings: S3Settings): Promise<S3Connection> {
  const sdk = await loadOptional('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'))
  const { publicEndpoint } = settings
  const client = settings.client ?? new sdk.S3Client(configOf(settings))
  const signingClient =
    publicEndpoint === undefined
      ? client
      : new sdk.S3Client({ ...configOf(settings), endpoint: publicEndpoint })
  return { sdk, client, signingClient }
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
    // Servers other than AWS know these checksums only in part; TLS and the signature protect what is sent.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  }
}
