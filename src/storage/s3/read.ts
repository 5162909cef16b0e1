import type { Readable } from 'node:stream'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { FingerpostError } from '../../core/error.ts'
import { notFound } from '../fault.ts'
import type { ByteRange, StoredFile } from '../storage.ts'
import { hasForeignMetadata, isClaim, type S3Headers } from './claim.ts'
import { type Bucket, describeS3Fault, hasStatus } from './client.ts'

/** An object with the headers it was saved with. */
export interface FoundObject {
  readonly file: StoredFile
  readonly headers: S3Headers
}

/**
 * The bytes of an object. If the connection breaks, reading continues where it broke, as long as the object is still
 * the same one. Never more bytes than the range has, whatever the server sends.
 */
export async function* openObject(
  bucket: Bucket,
  key: string,
  range: ByteRange | undefined,
): AsyncIterable<Uint8Array> {
  let part: Part = { start: range?.start ?? 0, end: range?.end, etag: undefined }
  for (let attempt = 1; ; attempt++) {
    const answer = await request(bucket, key, part)
    if (answer === undefined) return
    let next = part.start
    try {
      for await (const chunk of answer.body) {
        const wanted = chunk.subarray(0, answer.end + 1 - next)
        next += wanted.length
        yield wanted
        if (wanted.length < chunk.length) return
      }
      if (next > answer.end) return
      throw new Error('the response ended early')
    } catch (error) {
      if (next > answer.end) return
      if (attempt >= bucket.settings.maxAttempts) throw describeS3Fault(error, placeOf(bucket, key, 'read'))
      part = { start: next, end: range?.end, etag: answer.etag }
    }
  }
}

/** What is known of an object; undefined if it isn't there. */
export async function headObject(bucket: Bucket, key: string): Promise<FoundObject | undefined> {
  const { client, sdk, settings } = bucket
  try {
    const head = await client.send(
      new sdk.HeadObjectCommand({ Bucket: settings.bucket, Key: settings.prefix + key }),
    )
    if (isClaim(head.Metadata)) return undefined
    const { ContentType, CacheControl, ContentDisposition, ContentEncoding, Metadata } = head
    return {
      file: {
        ...describeObject(key, { ...head, Size: head.ContentLength }),
        ...(hasForeignMetadata(Metadata) && { hasForeignMetadata: true }),
      },
      headers: { ContentType, CacheControl, ContentDisposition, ContentEncoding, Metadata },
    }
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw describeS3Fault(error, placeOf(bucket, key, 'stat'))
  }
}

/** Deletes an object; a missing one is no error. */
export async function deleteObject(bucket: Bucket, key: string): Promise<void> {
  const { client, sdk, settings } = bucket
  try {
    await client.send(new sdk.DeleteObjectCommand({ Bucket: settings.bucket, Key: settings.prefix + key }))
  } catch (error) {
    throw describeS3Fault(error, placeOf(bucket, key, 'delete'))
  }
}

/** A stored file as a response describes it. */
export function describeObject(
  key: string,
  found: {
    readonly Size?: number | undefined
    readonly LastModified?: Date | undefined
    readonly ETag?: string | undefined
  },
): StoredFile {
  const { Size = 0, LastModified = new Date(0), ETag = '' } = found
  return { key, size: Size, modifiedAt: LastModified, validator: ETag.replace(/^W\/|"/g, '') }
}

interface Part {
  readonly start: number
  /** Undefined for all the rest. */
  readonly end: number | undefined
  /** Only of this content. */
  readonly etag: string | undefined
}

interface Answer {
  readonly body: AsyncIterable<Uint8Array>
  readonly etag: string | undefined
  /** Position of its last byte in the object. */
  readonly end: number
}

/** Undefined if the range begins after the last byte. */
async function request(bucket: Bucket, key: string, { start, end, etag }: Part): Promise<Answer | undefined> {
  const { client, sdk, settings } = bucket
  const isWhole = start === 0 && end === undefined
  try {
    const answer = await client.send(
      new sdk.GetObjectCommand({
        Bucket: settings.bucket,
        Key: settings.prefix + key,
        Range: isWhole ? undefined : `bytes=${start}-${end ?? ''}`,
        IfMatch: etag,
      }),
    )
    if (isClaim(answer.Metadata)) throw notFound(settings.name, key)
    const body = answer.Body as Readable
    const last = isWhole ? (answer.ContentLength ?? Infinity) - 1 : lastByteOf(answer, start, end)
    if (last !== undefined) return { body, etag: answer.ETag, end: last }
    body.destroy()
    throw ignoresRanges(settings.name, key)
  } catch (error) {
    if (hasStatus(error, 416)) return undefined
    throw describeS3Fault(error, placeOf(bucket, key, 'read'))
  }
}

/** The last byte of the range asked for, or of the object if that ends before; undefined for another range. */
function lastByteOf(
  { ContentRange = '' }: GetObjectCommandOutput,
  start: number,
  end: number | undefined,
): number | undefined {
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(ContentRange) ?? []
  return Number(first) === start && Number(last) <= (end ?? Infinity) ? Number(last) : undefined
}

function ignoresRanges(storage: string, key: string): FingerpostError {
  return new FingerpostError('FP_STORAGE', `${storage} sent another part of ${key} than the one requested.`, {
    remedy:
      'The server, or a proxy in front of it, ignores the header Range. Let it pass the header through.',
    details: { storage, key },
  })
}

function placeOf({ settings }: Bucket, key: string, doing: string) {
  return { storage: settings.name, key, doing }
}
