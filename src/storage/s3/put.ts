import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import { taken } from '../fault.ts'
import type { S3Connection } from './client.ts'
import { hasStatus, isTaken } from './fault.ts'
import type { S3Settings } from './options.ts'

/** Names the save an object came from, so that a retried request recognises its own work. */
export const SAVE_ID = 'fingerpost-save'

/** One save under way. */
export interface Save {
  readonly connection: S3Connection
  readonly settings: S3Settings
  readonly key: string
  /** Bucket, whole key, headers and metadata, as every request of this save sends them. */
  readonly target: Target
  readonly exclusive: boolean
}

type Target = PutObjectCommandInput & { readonly Key: string; readonly Metadata: Record<string, string> }

/**
 * Stores bytes in one request.
 *
 * @throws FingerpostError `FP_EXISTS` for a taken key, if the save is exclusive
 */
export async function putOnce(save: Save, body: Uint8Array): Promise<void> {
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

/** True if the object under the key came from this save. */
async function isOurs(save: Save): Promise<boolean> {
  return (await metadataOf(save))?.[SAVE_ID] === save.target.Metadata[SAVE_ID]
}

/** What is noted with the object under the key; undefined for none. */
export async function metadataOf({ connection, target }: Save): Promise<Record<string, string> | undefined> {
  const { Bucket, Key } = target
  try {
    const head = await connection.client.send(new connection.sdk.HeadObjectCommand({ Bucket, Key }))
    return head.Metadata ?? {}
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}
