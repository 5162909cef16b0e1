import { putOnce, type Save } from './put.ts'

/** Marks the empty object that holds a key while a multipart upload is under way. */
const CLAIM = 'fingerpost-claim'

/**
 * Holds a key for a multipart upload. Its key must be fixed before the first part, its name may be one of several, and
 * few servers take a condition when it completes: so an empty object claims the key first, with the condition all of
 * them judge alike, and the completed upload takes its place. No method of the storage shows it, and no cache may keep
 * it.
 *
 * @throws FingerpostError `FP_EXISTS` for a taken key
 */
export async function claimKey(save: Save): Promise<string> {
  const { Bucket, Key, Metadata } = save.target
  const target = { Bucket, Key, CacheControl: 'no-store', Metadata: { ...Metadata, [CLAIM]: '1' } }
  await putOnce({ ...save, target }, Buffer.alloc(0))
  return save.key
}

/** True for the metadata of an object that is only a claim. */
export function isClaim(metadata: Readonly<Record<string, string>> | undefined): boolean {
  return metadata?.[CLAIM] !== undefined
}
