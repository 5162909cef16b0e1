import { FingerpostError } from '../core/error.ts'

/** What `s3://bucket/prefix` names. */
export interface BucketAddress {
  readonly bucket: string
  /** '' or with a slash at its end. */
  readonly prefix: string
}

/** Parses `s3://BUCKET[/PREFIX]`. @throws FingerpostError `FP_USAGE` for anything else */
export function parseBucketUrl(text: string): BucketAddress {
  const [, bucket, path = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/s.exec(text) ?? []
  if (bucket === undefined) {
    const message = `${JSON.stringify(text)} is not an S3 URL. Expected s3://BUCKET[/PREFIX].`
    throw new FingerpostError('FP_USAGE', message)
  }
  refuseBucketName(bucket)
  const prefix = path.replace(/\/+$/, '')
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` }
}

/** The rules for general purpose buckets (Amazon S3 user guide, "Bucket naming rules"). */
function refuseBucketName(bucket: string): void {
  const isShortEnough = bucket.length >= 3 && bucket.length <= 63
  if (isShortEnough && /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(bucket)) return
  const rule = isShortEnough
    ? 'S3 names have lowercase letters, digits, dots and hyphens, and begin and end with a letter or digit.'
    : 'S3 names have 3 to 63 characters.'
  throw new FingerpostError('FP_USAGE', `Bucket name ${JSON.stringify(bucket)} is not valid: ${rule}`)
}
