import { parseBucketUrl } from '../deploy/bucket-url.ts'
import type { S3Storage } from '../storage/s3/s3.ts'
import type { OptionTable, OptionValues } from './option.ts'

/** The options of every command that reaches a bucket. */
export const BUCKET_OPTIONS = {
  endpoint: {
    kind: 'text',
    value: 'URL',
    help: 'an S3 server other than AWS; the bucket goes into the path',
  },
  region: { kind: 'text', value: 'NAME', help: "default: the environment's, or us-east-1 with --endpoint" },
} as const satisfies OptionTable

/** True for an argument that names a bucket. */
export function isBucketUrl(text: string): boolean {
  return text.startsWith('s3:')
}

/** The bucket `s3://bucket/prefix` names; credentials are the environment's. @throws FingerpostError `FP_USAGE` */
export async function openBucket(
  url: string,
  { endpoint, region }: OptionValues<typeof BUCKET_OPTIONS>,
): Promise<S3Storage> {
  const address = parseBucketUrl(url)
  // Loaded when it is needed: most commands never touch a bucket.
  const { createS3Storage } = await import('../storage/s3/s3.ts')
  return createS3Storage({
    ...address,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  })
}
