import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3'
import type { S3Connection } from './client.ts'
import { describeS3Fault } from './fault.ts'
import { claimsAmong, listPages } from './list.ts'
import type { S3Settings } from './options.ts'

/**
 * Removes what a killed process left in the bucket: multipart uploads that were never completed, and claims on keys.
 *
 * @param olderThan what is younger may still be under way
 * @returns how many were removed
 */
export async function sweepBucket(
  connection: S3Connection,
  settings: S3Settings,
  olderThan: Date,
): Promise<number> {
  try {
    const uploads = await abortUploads(connection, settings, olderThan)
    return uploads + (await removeClaims(connection, settings, olderThan))
  } catch (error) {
    throw describeS3Fault(error, { storage: settings.name, key: '', doing: 'sweep' })
  }
}

async function abortUploads(
  { sdk, client }: S3Connection,
  { bucket: Bucket, prefix: Prefix }: S3Settings,
  olderThan: Date,
): Promise<number> {
  let swept = 0
  let page: ListMultipartUploadsCommandOutput | undefined
  do {
    const position = page === undefined ? {} : markersOf(page)
    page = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix, ...position }))
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Initiated === undefined || Initiated >= olderThan) continue
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
      swept++
    }
  } while (page.IsTruncated === true)
  return swept
}

function markersOf(page: ListMultipartUploadsCommandOutput) {
  return { KeyMarker: page.NextKeyMarker ?? '', UploadIdMarker: page.NextUploadIdMarker ?? '' }
}

async function removeClaims(
  connection: S3Connection,
  settings: S3Settings,
  olderThan: Date,
): Promise<number> {
  const { sdk, client } = connection
  let swept = 0
  for await (const page of listPages(connection, settings, '', undefined)) {
    const old = page.filter(({ modifiedAt }) => modifiedAt < olderThan)
    for (const { key } of await claimsAmong(connection, settings, old)) {
      await client.send(new sdk.DeleteObjectCommand({ Bucket: settings.bucket, Key: settings.prefix + key }))
      swept++
    }
  }
  return swept
}
