import { Readable } from 'node:stream'
import { LIMITS } from '../../core/limit.ts'
import { notFound, replaced } from '../fault.ts'
import { isTemporaryKey, tryKeys } from '../key.ts'
import type { Content, MoveOptions, SavedFile, SaveOptions } from '../storage.ts'
import { claimKey, fulfil, prepareSave, putOnce, type Save } from './claim.ts'
import { type Bucket, describeS3Fault, hasStatus, loadOptional } from './client.ts'
import { encodeKey } from './options.ts'
import { deleteObject, headObject } from './read.ts'

/**
 * Stores content under a key: in one request if it fits into a part, else as a multipart upload, which is aborted if
 * anything fails.
 *
 * @throws FingerpostError `FP_EXISTS` for a taken key, unless `overwrite` is set
 */
export async function saveObject(
  bucket: Bucket,
  key: string,
  content: Content,
  options: SaveOptions,
): Promise<SavedFile> {
  const source = createSource(content)
  try {
    const used = await storeAll(bucket, key, source, options)
    return { key: used, size: source.bytes }
  } catch (error) {
    // The content may not have been read to its end.
    await source.chunks.return?.()
    if (source.failure !== undefined) throw source.failure.error
    throw describeS3Fault(error, { storage: bucket.settings.name, key, doing: 'save' })
  }
}

/** Copies an object on the server, up to 5 GiB, and deletes the original. */
export async function moveObject(
  bucket: Bucket,
  from: string,
  to: string,
  options: MoveOptions,
): Promise<SavedFile> {
  const { client, sdk, settings } = bucket
  const found = await headObject(bucket, from)
  if (found === undefined) throw notFound(settings.name, from)
  const { size, validator } = found.file
  if ((options.validator ?? validator) !== validator) throw replaced(settings.name, from)
  const saveAs = prepareSave(bucket, options, options.headers === undefined ? found.headers : undefined)
  const copy = ({ target }: Save) =>
    client.send(
      new sdk.CopyObjectCommand({
        ...target,
        CopySource: `${settings.bucket}/${encodeKey(settings.prefix + from)}`,
        CopySourceIfMatch: `"${validator}"`,
        MetadataDirective: 'REPLACE',
      }),
    )
  try {
    const save = await claimKey(saveAs, to, options)
    await fulfil(save, () => copy(save))
    if (save.key !== from) await removeOriginal(bucket, from)
    return { key: save.key, size }
  } catch (error) {
    if (hasStatus(error, 412)) throw replaced(settings.name, from, error)
    throw describeS3Fault(error, { storage: settings.name, key: to, doing: 'move' })
  }
}

async function removeOriginal(bucket: Bucket, key: string): Promise<void> {
  try {
    await deleteObject(bucket, key)
  } catch (error) {
    // The file is in its place, and a sweep removes the temporary one.
    if (!isTemporaryKey(key)) throw error
  }
}

async function storeAll(bucket: Bucket, key: string, source: Source, options: SaveOptions): Promise<string> {
  const saveAs = prepareSave(bucket, options)
  const { head, isWhole } = await readHead(source, bucket.settings.partBytes)
  if (!isWhole) {
    const { Upload } = await loadOptional('@aws-sdk/lib-storage', () => import('@aws-sdk/lib-storage'))
    const save = await claimKey(saveAs, key, options)
    const upload = new Upload({
      client: bucket.client,
      params: { ...save.target, Body: Readable.from(joined(head, source)) },
      partSize: bucket.settings.partBytes,
      queueSize: LIMITS.s3PartConcurrency,
    })
    await fulfil(save, () => upload.done())
    return save.key
  }
  const body = Buffer.concat(head)
  return tryKeys(key, options, async (candidate) => {
    await putOnce(saveAs(candidate), body)
    return candidate
  })
}

/** Content on its way, and what became of it. */
interface Source {
  readonly chunks: AsyncIterator<Uint8Array>
  /** Bytes read so far. */
  readonly bytes: number
  /** Set if the content itself broke off, rather than the storage. */
  readonly failure: { readonly error: unknown } | undefined
}

function createSource(content: Content): Source {
  const state: { bytes: number; failure: Source['failure'] } = { bytes: 0, failure: undefined }
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of content instanceof Uint8Array ? [content] : content) {
        state.bytes += chunk.length
        // A copy, because the producer may reuse the memory of its chunks.
        yield chunk === content ? chunk : Buffer.from(chunk)
      }
    } catch (error) {
      state.failure = { error }
      throw error
    }
  }
  return Object.assign(state, { chunks: read() })
}

/** The first chunks, until they are more than `bytes` or the content ends. */
async function readHead(
  { chunks }: Source,
  bytes: number,
): Promise<{ readonly head: readonly Uint8Array[]; readonly isWhole: boolean }> {
  const head: Uint8Array[] = []
  for (let read = 0; read <= bytes; ) {
    const next = await chunks.next()
    if (next.done === true) return { head, isWhole: true }
    head.push(next.value)
    read += next.value.length
  }
  return { head, isWhole: false }
}

async function* joined(head: readonly Uint8Array[], { chunks }: Source): AsyncGenerator<Uint8Array> {
  yield* head
  yield* { [Symbol.asyncIterator]: () => chunks }
}
