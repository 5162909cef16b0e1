import { randomUUID } from 'node:crypto'
import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import { tryKeys } from '../free-key.ts'
import type { Content, ObjectHeaders, SaveOptions } from '../storage.ts'
import { claimKey } from './claim.ts'
import type { S3Connection } from './client.ts'
import { putInParts } from './multipart.ts'
import type { S3Settings } from './options.ts'
import { putOnce, SAVE_ID, type Save } from './put.ts'

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
  const claimed = exclusive ? await tryKeys(key, options, (candidate) => claimKey(saveAs(candidate))) : key
  await putInParts(saveAs(claimed), joined([firstPart, second.value], parts))
  return claimed
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
