import { randomUUID } from 'node:crypto'
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { taken } from '../fault.ts'
import { tryKeys } from '../key.ts'
import type { ObjectHeaders, SaveOptions } from '../storage.ts'
import { type Bucket, hasStatus, isTaken } from './client.ts'

/** Metadata that names the save an object came from, so that a retried request recognises its own work. */
const SAVE_ID = 'fingerpost-save'

/** Metadata of the empty object that holds a key while a large file is on its way. */
const CLAIM = 'fingerpost-claim'

/** Metadata that this project writes; `integrity` is that of published assets. */
const OWN_METADATA: ReadonlySet<string> = new Set([SAVE_ID, CLAIM, 'integrity'])

export function hasForeignMetadata(metadata: Readonly<Record<string, string>> = {}): boolean {
  return Object.keys(metadata).some((name) => !OWN_METADATA.has(name))
}

/** One save in progress. */
export interface Save {
  readonly bucket: Bucket
  readonly key: string
  /** Bucket, whole key, headers and metadata, as every request of this save sends them. */
  readonly target: Target
  readonly exclusive: boolean
}

interface Target extends S3Headers {
  readonly Bucket: string
  readonly Key: string
  readonly Metadata: Record<string, string>
}

/** The headers of an object, as the SDK names them. */
export type S3Headers = Pick<
  HeadObjectCommandOutput,
  'ContentType' | 'CacheControl' | 'ContentDisposition' | 'ContentEncoding' | 'Metadata'
>

/** Prepares a save; the function returned makes it for a key. @param headers default: those of the options */
export function prepareSave(
  bucket: Bucket,
  options: SaveOptions,
  headers: S3Headers = toS3Headers(options.headers ?? {}),
): (key: string) => Save {
  const { bucket: Bucket, prefix } = bucket.settings
  const Metadata = { ...headers.Metadata, [SAVE_ID]: randomUUID() }
  const exclusive = options.overwrite !== true
  return (key) => ({ bucket, key, target: { ...headers, Bucket, Key: prefix + key, Metadata }, exclusive })
}

/**
 * Stores bytes in one request.
 *
 * @throws FingerpostError `FP_EXISTS` for a taken key, if the save is exclusive
 */
export async function putOnce(save: Save, body: Uint8Array): Promise<void> {
  const { bucket, target, exclusive } = save
  const { client, sdk, settings } = bucket
  const put = async (condition: { readonly IfNoneMatch?: string } = {}) =>
    void (await client.send(new sdk.PutObjectCommand({ ...target, ...condition, Body: body })))
  if (!exclusive) return put()
  try {
    if (settings.exclusive === 'conditional') return await put({ IfNoneMatch: '*' })
  } catch (error) {
    // 501: the server knows no conditions. The first attempt may have arrived and only its response been lost.
    if (!hasStatus(error, 501)) {
      if (isTaken(error) && !(await isOwn(save))) throw taken(settings.name, save.key, error)
      if (isTaken(error)) return
      throw error
    }
  }
  if ((await metadataOf(save)) !== undefined) throw taken(settings.name, save.key)
  return put()
}

/**
 * Takes the key of a file whose last request can't be conditional: completing a multipart upload on most servers, and a
 * copy. If the save is exclusive, an empty object claims the first free key, with a condition that all servers know. No
 * method of the storage shows it, no cache may keep it, and the file takes its place.
 *
 * @throws FingerpostError `FP_EXISTS`
 */
export async function claimKey(
  saveAs: (key: string) => Save,
  key: string,
  options: SaveOptions,
): Promise<Save> {
  const save = saveAs(key)
  if (!save.exclusive) return save
  return tryKeys(key, options, async (candidate) => {
    const claimed = saveAs(candidate)
    const { Bucket, Key, Metadata } = claimed.target
    const target = { Bucket, Key, CacheControl: 'no-store', Metadata: { ...Metadata, [CLAIM]: '1' } }
    await putOnce({ ...claimed, target }, Buffer.alloc(0))
    return claimed
  })
}

/** Does what puts the file under its claimed key. If that fails, the claim is removed, or left for the sweep. */
export async function fulfil(save: Save, store: () => Promise<unknown>): Promise<void> {
  try {
    await store()
  } catch (error) {
    const metadata = await metadataOf(save).catch(() => undefined)
    // Only the response may have been lost.
    if (isOwnFile(save, metadata)) return
    if (save.exclusive && isClaim(metadata)) {
      const { client, sdk } = save.bucket
      const { Bucket, Key } = save.target
      await client.send(new sdk.DeleteObjectCommand({ Bucket, Key })).catch(() => undefined)
    }
    throw error
  }
}

/** True for the metadata of an object that is only a claim. */
export function isClaim(metadata: Readonly<Record<string, string>> | undefined): boolean {
  return metadata?.[CLAIM] !== undefined
}

async function isOwn(save: Save): Promise<boolean> {
  return (await metadataOf(save))?.[SAVE_ID] === save.target.Metadata[SAVE_ID]
}

function isOwnFile({ target }: Save, metadata: Readonly<Record<string, string>> | undefined): boolean {
  return metadata?.[SAVE_ID] === target.Metadata[SAVE_ID] && !isClaim(metadata)
}

/** The metadata of the object under the key; undefined if the key is free. */
async function metadataOf({ bucket, target }: Save): Promise<Record<string, string> | undefined> {
  const { Bucket, Key } = target
  try {
    const head = await bucket.client.send(new bucket.sdk.HeadObjectCommand({ Bucket, Key }))
    return head.Metadata ?? {}
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

function toS3Headers(headers: ObjectHeaders): S3Headers {
  return {
    ContentType: headers.contentType,
    CacheControl: headers.cacheControl,
    ContentDisposition: headers.contentDisposition,
    ContentEncoding: headers.contentEncoding,
    Metadata: headers.metadata,
  }
}
