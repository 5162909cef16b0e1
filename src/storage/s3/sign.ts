import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { loadOptional, type S3Connection } from './client.ts'
import type { S3Settings } from './options.ts'

/** What a signed URL permits. */
export interface SignedUrlOptions {
  /** Default one hour, at most seven days. */
  readonly expiresInSeconds?: number
  /** Default GET. */
  readonly method?: 'GET' | 'PUT'
  /** GET: the Content-Disposition the server answers with. */
  readonly disposition?: string
  /**
   * GET: the Content-Type the server answers with; default the stored one. PUT: the one the browser must send; default
   * `application/octet-stream`.
   */
  readonly contentType?: string
  /** PUT: the exact number of bytes the browser must send. */
  readonly contentLength?: number
}

/** What a presigned form permits; the server refuses everything else. */
export interface PostPolicy {
  readonly maxBytes: number
  /** Default 1: an empty file is none. */
  readonly minBytes?: number
  /** The exact Content-Type of the file. */
  readonly contentType: string
  /** Default one hour, at most seven days. */
  readonly expiresInSeconds?: number
}

/** A form that uploads straight to the server: all fields in this order, then the file as the field `file`. */
export interface PresignedPost {
  readonly url: string
  readonly fields: Readonly<Record<string, string>>
}

/** A URL that works without credentials until it expires (AWS Signature Version 4, query parameters). */
export async function signObjectUrl(
  { sdk, signingClient }: S3Connection,
  settings: S3Settings,
  key: string,
  options: SignedUrlOptions,
): Promise<string> {
  const { getSignedUrl } = await loadOptional(
    '@aws-sdk/s3-request-presigner',
    () => import('@aws-sdk/s3-request-presigner'),
  )
  const target = { Bucket: settings.bucket, Key: settings.prefix + key }
  const { disposition, contentType, contentLength } = options
  const expiresIn = lifetimeOf(options.expiresInSeconds)
  if (options.method === 'PUT') {
    const command = new sdk.PutObjectCommand({
      ...target,
      ContentType: contentType ?? 'application/octet-stream',
      ...(contentLength === undefined ? {} : { ContentLength: contentLength }),
    })
    // Unsigned headers bind nobody: these two must be what was agreed on.
    const signableHeaders = new Set(['host', 'content-type', 'content-length'])
    return getSignedUrl(signingClient, command, { expiresIn, signableHeaders })
  }
  const command = new sdk.GetObjectCommand({
    ...target,
    ...(disposition === undefined ? {} : { ResponseContentDisposition: disposition }),
    ...(contentType === undefined ? {} : { ResponseContentType: contentType }),
  })
  return getSignedUrl(signingClient, command, { expiresIn })
}

/** A form for one upload, its limits signed into the policy. */
export async function signPost(
  { signingClient }: S3Connection,
  settings: S3Settings,
  key: string,
  policy: PostPolicy,
): Promise<PresignedPost> {
  const { createPresignedPost } = await loadOptional(
    '@aws-sdk/s3-presigned-post',
    () => import('@aws-sdk/s3-presigned-post'),
  )
  return createPresignedPost(signingClient, {
    Bucket: settings.bucket,
    Key: settings.prefix + key,
    Fields: { 'Content-Type': policy.contentType },
    Conditions: [
      ['content-length-range', policy.minBytes ?? 1, policy.maxBytes],
      ['eq', '$Content-Type', policy.contentType],
    ],
    Expires: lifetimeOf(policy.expiresInSeconds),
  })
}

function lifetimeOf(seconds: number = LIMITS.linkDefaultSeconds): number {
  if (seconds >= 1 && seconds <= LIMITS.linkMaxSeconds) return Math.floor(seconds)
  throw new FingerpostError(
    'FP_CONFIG',
    `A link can't live for ${seconds} seconds: between 1 and ${LIMITS.linkMaxSeconds} are possible.`,
  )
}
