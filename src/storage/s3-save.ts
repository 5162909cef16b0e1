import { randomUUID } from 'node:crypto'
import type { CompletedPart, PutObjectCommandInput } from '@aws-sdk/client-s3'
import { taken } from './fault.ts'
import { tryKeys } from './free-key.ts'
import type { S3Connection } from './s3-client.ts'
import { hasStatus, isTaken } from './s3-fault.ts'
import type { S3Settings } from './s3-options.ts'
import type { Content, ObjectHeaders, SaveOptions } from './storage.ts'

/** Names the save an object came from, so that a retried request recognises its own work. */
const SAVE_ID = 'fingerpost-save'
/** Marks the empty object that holds a key for a few milliseconds while a multipart upload completes. */
const CLAIM = 'fingerpost-claim'

type Target = PutObjectCommandInput & { readonly Key: string; readonly Metadata: Record<string, string> }

/** One save under way. */
interface Save {
  readonly connection: S3Connection
  readonly settings: S3Settings
  readonly key: string
  /** Bucket, whole key, headers and metadata, as every request of this save sends them. */
  readonly target: Target
  readonly exclusive: boolean
}

/**
 * Stores content under a key: in one request where it fits into a part, else as a multipart upload that is aborted
 * when anything fails. At most two parts are in memory.
 *
 * @returns the key it is under
 * @throws FingerpostError `FP_EXISTS` for a taken key, unless told to overwrite
 */
export async function saveObject(
  connection: S3Connection,
  settings: S3Settings,
  key: string,
  content: Content,
  options: SaveOptions,
): Promise<string> {
  const exclusive = options.overwrite !== true
  const Metadata = { ...options.headers?.metadata, [SAVE_ID]: randomUUID() }
  const fixed = { Bucket: settings.bucket, ...headersToInput(options.headers ?? {}), Metadata }
  const saveAs = (candidate: string): Save => {
    const target = { ...fixed, Key: settings.prefix + candidate }
    return { connection, settings, key: candidate, target, exclusive }
  }
  const parts = splitIntoParts(content, settings.partBytes)[Symbol.asyncIterator]()
  const first = await parts.next()
  const firstPart = first.done === true ? Buffer.alloc(0) : first.value
  const second = await parts.next()
  if (second.done === true) {
    return tryKeys(key, options, async (candidate) => {
      await putOnce(saveAs(candidate), firstPart)
      return candidate
    })
  }
  const claimed = exclusive ? await tryKeys(key, options, (candidate) => claim(saveAs(candidate))) : key
  await putInParts(saveAs(claimed), joined([firstPart, second.value], parts))
  return claimed
}

/** True for the metadata of an object that is only a claim. */
export function isClaim(metadata: Readonly<Record<string, string>> | undefined): boolean {
  return metadata?.[CLAIM] !== undefined
}

async function putOnce(save: Save, body: Uint8Array): Promise<void> {
  const { connection, target, settings } = save
  const put = (condition: { readonly IfNoneMatch?: string }) =>
    connection.client.send(new connection.sdk.PutObjectCommand({ ...target, ...condition, Body: body }))
  if (!save.exclusive) return void (await put({}))
  if (settings.exclusive === 'head') {
    await refuseTaken(save)
    return void (await put({}))
  }
  try {
    await put({ IfNoneMatch: '*' })
  } catch (error) {
    if (hasStatus(error, 501)) {
      await refuseTaken(save)
      await put({})
    } else if (!isTaken(error)) throw error
    // The first attempt may have arrived and only its answer been lost: then the object is ours.
    else if (!(await isOurs(save))) throw taken(settings.name, save.key, error)
  }
}

async function refuseTaken(save: Save): Promise<void> {
  if ((await metadataOf(save)) !== undefined) throw taken(save.settings.name, save.key)
}

async function isOurs(save: Save): Promise<boolean> {
  return (await metadataOf(save))?.[SAVE_ID] === save.target.Metadata[SAVE_ID]
}

async function metadataOf({ connection, target }: Save): Promise<Record<string, string> | undefined> {
  const { Bucket, Key } = target
  try {
    const head = await connection.client.send(new connection.sdk.HeadObjectCommand({ Bucket, Key }))
    return head.Metadata ?? {}
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

/**
 * Few servers take a condition when a multipart upload completes. So an empty object claims the key first, with the
 * condition all of them judge alike, and the completed upload takes its place. `stat` and `open` don't see it.
 */
async function claim(save: Save): Promise<string> {
  const { Bucket, Key, Metadata } = save.target
  const target = { Bucket, Key, Metadata: { ...Metadata, [CLAIM]: '1' } }
  await putOnce({ ...save, target }, Buffer.alloc(0))
  return save.key
}

async function putInParts(save: Save, parts: AsyncIterable<Uint8Array>): Promise<void> {
  const { sdk, client } = save.connection
  const { Bucket, Key } = save.target
  let UploadId: string | undefined
  try {
    const begun = await client.send(new sdk.CreateMultipartUploadCommand(save.target))
    UploadId = begun.UploadId
    const Parts = await uploadParts(save, UploadId, parts)
    const completion = { Bucket, Key, UploadId, MultipartUpload: { Parts } }
    await client.send(new sdk.CompleteMultipartUploadCommand(completion))
  } catch (error) {
    if (await completedAfterAll(save)) return
    await giveUp(save, UploadId)
    throw error
  }
}

async function uploadParts(
  { connection: { sdk, client }, target: { Bucket, Key } }: Save,
  UploadId: string | undefined,
  parts: AsyncIterable<Uint8Array>,
): Promise<CompletedPart[]> {
  const uploaded: CompletedPart[] = []
  for await (const Body of parts) {
    const PartNumber = uploaded.length + 1
    const { ETag } = await client.send(new sdk.UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))
    uploaded.push({ ETag, PartNumber })
  }
  return uploaded
}

/** Tidies up as far as it can: what is left even so, the sweep finds by its age. */
async function giveUp(save: Save, UploadId: string | undefined): Promise<void> {
  const { sdk, client } = save.connection
  const { Bucket, Key } = save.target
  if (UploadId !== undefined) {
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined)
  }
  if (save.exclusive && isClaim(await metadataOf(save).catch(() => undefined))) {
    await client.send(new sdk.DeleteObjectCommand({ Bucket, Key })).catch(() => undefined)
  }
}

/** The answer may be all that was lost: then what stands under the key is no longer the claim. */
async function completedAfterAll(save: Save): Promise<boolean> {
  const metadata = await metadataOf(save).catch(() => undefined)
  return metadata?.[SAVE_ID] === save.target.Metadata[SAVE_ID] && !isClaim(metadata)
}

function headersToInput(headers: ObjectHeaders): Partial<PutObjectCommandInput> {
  const { contentType, cacheControl, contentDisposition, contentEncoding } = headers
  return {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
    ...(contentDisposition === undefined ? {} : { ContentDisposition: contentDisposition }),
    ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
  }
}

/** Pieces of any size as parts of exactly `partBytes`, the last one smaller; no part for no bytes. */
async function* splitIntoParts(content: Content, partBytes: number): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  for await (const piece of content instanceof Uint8Array ? [content] : content) {
    let rest = piece
    while (bytes + rest.length >= partBytes) {
      const room = partBytes - bytes
      yield Buffer.concat([...waiting, rest.subarray(0, room)])
      rest = rest.subarray(room)
      waiting = []
      bytes = 0
    }
    // A copy: whoever made the piece may use its memory again.
    if (rest.length > 0) waiting.push(Buffer.from(rest))
    bytes += rest.length
  }
  if (bytes > 0) yield Buffer.concat(waiting)
}

async function* joined(
  begun: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* begun
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}
