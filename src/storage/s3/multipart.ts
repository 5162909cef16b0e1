import type { CompletedPart } from '@aws-sdk/client-s3'
import { isClaim } from './claim.ts'
import { metadataOf, SAVE_ID, type Save } from './put.ts'

/** Stores content part by part; where anything fails, the upload is aborted and its claim on the key given back. */
export async function putInParts(save: Save, parts: AsyncIterable<Uint8Array>): Promise<void> {
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
