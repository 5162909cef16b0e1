import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { notFound } from '../fault.ts'
import type { ByteRange, StoredFile } from '../storage.ts'
import { isClaim } from './claim.ts'
import type { S3Connection } from './client.ts'
import { describeS3Fault, hasStatus } from './fault.ts'
import type { S3Settings } from './options.ts'

/** How a file is read: what to ask for, and how often at most. */
interface Reading {
  readonly connection: S3Connection
  readonly settings: S3Settings
  readonly key: string
}

/**
 * The bytes of an object. A connection that breaks in the middle is taken up again where it broke, as long as the
 * object is still the same one.
 */
export async function* openObject(
  connection: S3Connection,
  settings: S3Settings,
  key: string,
  range: ByteRange | undefined,
): AsyncIterable<Uint8Array> {
  const reading = { connection, settings, key }
  let next = range?.start ?? 0
  let etag: string | undefined
  for (let attempt = 1; ; attempt++) {
    const answer = await request(reading, next, range?.end, etag)
    if (answer === undefined) return
    etag = answer.ETag
    try {
      for await (const piece of answer.Body as AsyncIterable<Uint8Array>) {
        next += piece.length
        yield piece
      }
      return
    } catch (error) {
      const isComplete = range !== undefined && next > range.end
      if (isComplete) return
      if (attempt >= settings.maxAttempts) throw describeS3Fault(error, placeOf(reading))
    }
  }
}

/** What is known of an object; undefined if it isn't there. */
export async function statObject(
  connection: S3Connection,
  settings: S3Settings,
  key: string,
): Promise<StoredFile | undefined> {
  const { client, sdk } = connection
  try {
    const head = await client.send(
      new sdk.HeadObjectCommand({ Bucket: settings.bucket, Key: settings.prefix + key }),
    )
    if (isClaim(head.Metadata)) return undefined
    return { key, size: head.ContentLength ?? 0, modifiedAt: head.LastModified ?? new Date(0) }
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw describeS3Fault(error, { storage: settings.name, key, doing: 'stat' })
  }
}

/** Undefined where the range begins behind the last byte. */
async function request(
  { connection, settings, key }: Reading,
  start: number,
  end: number | undefined,
  etag: string | undefined,
): Promise<GetObjectCommandOutput | undefined> {
  const { client, sdk } = connection
  const isWhole = start === 0 && end === undefined
  try {
    const answer = await client.send(
      new sdk.GetObjectCommand({
        Bucket: settings.bucket,
        Key: settings.prefix + key,
        ...(isWhole ? {} : { Range: `bytes=${start}-${end ?? ''}` }),
        ...(etag === undefined ? {} : { IfMatch: etag }),
      }),
    )
    if (isClaim(answer.Metadata)) throw notFound(settings.name, key)
    return answer
  } catch (error) {
    if (hasStatus(error, 416)) return undefined
    throw describeS3Fault(error, placeOf({ connection, settings, key }))
  }
}

function placeOf({ settings, key }: Reading) {
  return { storage: settings.name, key, doing: 'read' }
}
