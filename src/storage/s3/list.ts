import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3'
import { mapConcurrently } from '../../core/concurrent.ts'
import { LIMITS } from '../../core/limit.ts'
import { isTemporaryKey } from '../key.ts'
import type { StoredFile } from '../storage.ts'
import { type Bucket, describeS3Fault } from './client.ts'
import { deleteObject, describeObject, headObject } from './read.ts'

/** Every file below the prefix, in key order, a page of 1,000 at a time. */
export async function* listObjects(
  bucket: Bucket,
  prefix: string,
  after: string | undefined,
): AsyncIterable<StoredFile> {
  for await (const page of listPages(bucket, prefix, after)) {
    const claims = new Set(await claimsAmong(bucket, page))
    for (const file of page) if (!claims.has(file) && !isTemporaryKey(file.key)) yield file
  }
}

/**
 * Removes what killed processes left: multipart uploads that were never completed, claims on keys, temporary files.
 *
 * @param olderThan younger ones may still be in use
 * @returns how many were removed
 */
export async function sweepBucket(bucket: Bucket, olderThan: Date, folder: string): Promise<number> {
  try {
    let swept = await abortUploads(bucket, olderThan, folder)
    for await (const page of listPages(bucket, folder, undefined)) {
      const old = page.filter(({ modifiedAt }) => modifiedAt < olderThan)
      const left = [...(await claimsAmong(bucket, old)), ...old.filter(({ key }) => isTemporaryKey(key))]
      for (const { key } of left) await deleteObject(bucket, key)
      swept += left.length
    }
    return swept
  } catch (error) {
    throw describeS3Fault(error, { storage: bucket.settings.name, key: folder, doing: 'sweep' })
  }
}

async function abortUploads(
  { sdk, client, settings }: Bucket,
  olderThan: Date,
  folder: string,
): Promise<number> {
  const target = { Bucket: settings.bucket, Prefix: settings.prefix + folder }
  let swept = 0
  let page: ListMultipartUploadsCommandOutput | undefined
  do {
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page ?? {}
    page = await client.send(new sdk.ListMultipartUploadsCommand({ ...target, KeyMarker, UploadIdMarker }))
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Initiated === undefined || Initiated >= olderThan) continue
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: settings.bucket, Key, UploadId }))
      swept++
    }
  } while (page.IsTruncated === true)
  return swept
}

/** Only empty objects can be claims, which `stat` doesn't show; so only they cost a request. */
async function claimsAmong(bucket: Bucket, files: readonly StoredFile[]): Promise<readonly StoredFile[]> {
  const empty = files.filter(({ size, key }) => size === 0 && !isTemporaryKey(key))
  const found = await mapConcurrently(empty, LIMITS.s3Concurrency, ({ key }) => headObject(bucket, key))
  return empty.filter((_, index) => found[index] === undefined)
}

/** Every object below the prefix, claims and temporary files included. */
async function* listPages(
  { client, sdk, settings }: Bucket,
  prefix: string,
  after: string | undefined,
): AsyncIterable<readonly StoredFile[]> {
  let token: string | undefined
  do {
    const command = new sdk.ListObjectsV2Command({
      Bucket: settings.bucket,
      Prefix: settings.prefix + prefix,
      StartAfter: after === undefined ? undefined : settings.prefix + after,
      ContinuationToken: token,
    })
    const page = await client.send(command).catch((error: unknown) => {
      throw describeS3Fault(error, { storage: settings.name, key: prefix, doing: 'list' })
    })
    yield (page.Contents ?? [])
      // Consoles mark folders with empty objects whose key ends in a slash; those are not files.
      .filter(({ Key = '' }) => !Key.endsWith('/'))
      .map((found) => describeObject((found.Key ?? '').slice(settings.prefix.length), found))
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}
