import { mapConcurrently } from '../../core/concurrent.ts'
import { LIMITS } from '../../core/limit.ts'
import type { StoredFile } from '../storage.ts'
import type { S3Connection } from './client.ts'
import { describeS3Fault } from './fault.ts'
import type { S3Settings } from './options.ts'
import { statObject } from './read.ts'

/** Every file below the prefix, in key order, a page of 1,000 at a time. */
export async function* listObjects(
  connection: S3Connection,
  settings: S3Settings,
  prefix: string,
  after: string | undefined,
): AsyncIterable<StoredFile> {
  for await (const page of listPages(connection, settings, prefix, after)) {
    const claims = new Set((await claimsAmong(connection, settings, page)).map(({ key }) => key))
    for (const file of page) if (!claims.has(file.key)) yield file
  }
}

/** A claim is an empty object that `stat` doesn't admit to, so only empty objects cost a request. */
export async function claimsAmong(
  connection: S3Connection,
  settings: S3Settings,
  files: readonly StoredFile[],
): Promise<readonly StoredFile[]> {
  const empty = files.filter(({ size }) => size === 0)
  const found = await mapConcurrently(empty, LIMITS.s3Concurrency, ({ key }) =>
    statObject(connection, settings, key),
  )
  return empty.filter((_, index) => found[index] === undefined)
}

/** Every object below the prefix, claims included. */
export async function* listPages(
  { client, sdk }: S3Connection,
  settings: S3Settings,
  prefix: string,
  after: string | undefined,
): AsyncIterable<readonly StoredFile[]> {
  let token: string | undefined
  do {
    const command = new sdk.ListObjectsV2Command({
      Bucket: settings.bucket,
      Prefix: settings.prefix + prefix,
      ...(after === undefined ? {} : { StartAfter: settings.prefix + after }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    })
    const page = await client.send(command).catch((error: unknown) => {
      throw describeS3Fault(error, { storage: settings.name, key: prefix, doing: 'list' })
    })
    yield (page.Contents ?? [])
      // Consoles mark folders with empty objects whose key ends in a slash; those are no files.
      .filter(({ Key = '' }) => !Key.endsWith('/'))
      .map(({ Key = '', Size = 0, LastModified = new Date(0) }) => ({
        key: Key.slice(settings.prefix.length),
        size: Size,
        modifiedAt: LastModified,
      }))
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}
