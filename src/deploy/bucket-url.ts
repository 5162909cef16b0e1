import { FingerpostError } from '../core/error.ts'

/** What `s3://bucket/prefix` names. */
export interface BucketAddress {
  readonly bucket: string
  /** '' or with a slash at its end. */
  readonly prefix: string
}

/** Reads `s3://bucket/prefix`. @throws FingerpostError `FP_USAGE` for anything else */
export function parseBucketUrl(text: string): BucketAddress {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(text)
  const bucket = match?.[1]
  if (bucket === undefined) {
    throw new FingerpostError(
      'FP_USAGE',
      `${JSON.stringify(text)} is no bucket: s3://BUCKET or s3://BUCKET/PREFIX.`,
    )
  }
  const prefix = (match?.[2] ?? '').replace(/\/+$/, '')
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}
