import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { PostPolicy, PresignedPost, SignedUrlOptions } from '../storage.ts'
import { type Bucket, loadOptional } from './client.ts'

/** A URL that works without credentials until it expires (AWS Signature Version 4, query parameters). */
export async function signObjectUrl(bucket: Bucket, key: string, options: SignedUrlOptions): Promise<string> {
  const { sdk, signingClient, settings } = bucket
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
      ContentLength: contentLength,
    })
    // Headers that aren't signed could be changed by the client.
    const signableHeaders = new Set(['host', 'content-type', 'content-length'])
    return getSignedUrl(signingClient, command, { expiresIn, signableHeaders })
  }
  const command = new sdk.GetObjectCommand({
    ...target,
    ResponseContentDisposition: disposition,
    ResponseContentType: contentType,
  })
  return getSignedUrl(signingClient, command, { expiresIn })
}

/** A form for one upload, its limits signed into the policy. */
export async function signPost(bucket: Bucket, key: string, policy: PostPolicy): Promise<PresignedPost> {
  const { signingClient, settings } = bucket
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
    `A signed URL can't live for ${seconds} seconds. Choose from 1 to ${LIMITS.linkMaxSeconds}.`,
  )
}
