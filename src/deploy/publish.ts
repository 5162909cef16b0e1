import { readableManifest } from '../builder/publish/output.ts'
import { recordBuild, refuseForeignHistory } from '../builder/publish/record.ts'
import { mapConcurrently } from '../core/concurrent.ts'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { HISTORY_FILE } from '../core/manifest/history.ts'
import { MANIFEST_FILE, type Manifest, parseManifest } from '../core/manifest/manifest.ts'
import type { Storage } from '../storage/storage.ts'
import { type BucketVariant, type PlannedObject, planObjects } from './publish-plan.ts'

/** How to publish. */
export interface PublishOptions {
  /** Which bytes go under a hashed name; see {@link BucketVariant}. Default `identity`. */
  readonly variant?: BucketVariant
  /** Files uploaded at the same time. Default 16. */
  readonly concurrency?: number
  /** `dry-run` only says what would be uploaded. Default `publish`. */
  readonly mode?: 'publish' | 'dry-run'
  readonly now: () => Date
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: PublishProgress) => void
}

/** Where a publish has got to. */
export interface PublishProgress {
  readonly done: number
  readonly total: number
}

/** What a publish did, or would do. */
export interface PublishReport {
  readonly kind: 'published' | 'dry-run'
  /** `s3://bucket/prefix/` */
  readonly target: string
  /** Keys uploaded, hashed files sorted, the manifest last. */
  readonly uploaded: readonly string[]
  /** Bytes uploaded. */
  readonly bytes: number
  /** Objects that were there already. */
  readonly unchanged: number
}

/**
 * Brings a build into a bucket: one listing, then what is missing, then the manifest. Whoever reads the bucket sees the
 * old build or the new one; a publish that is interrupted goes on where it was the next time.
 *
 * @throws FingerpostError `FP_MANIFEST` for a folder without a build, `FP_COLLISION` for a bucket whose `manifest.json` or
 * `history.json` somebody else wrote, `FP_STORAGE` where the bucket refuses
 */
export async function publishBuild(
  source: Storage,
  target: Storage,
  options: PublishOptions,
): Promise<PublishReport> {
  const { variant = 'identity', mode = 'publish' } = options
  const text = await readManifestText(source)
  const manifest = parseManifest(text, `${source.name}: ${MANIFEST_FILE}`)
  const planned = planObjects(manifest, variant)
  const present = await listSizes(target)
  const missing = planned.filter(({ key, size }) => present.get(key) !== size)
  const inForce = present.has(MANIFEST_FILE) ? (await target.read(MANIFEST_FILE)).toString() : undefined
  const isCurrent = inForce === text
  const replaced = inForce === undefined ? undefined : readableManifest(inForce, target.name)
  const uploaded = [...missing.map(({ key }) => key), ...(isCurrent ? [] : [MANIFEST_FILE])]
  const bytes = missing.reduce((sum, { size }) => sum + size, isCurrent ? 0 : Buffer.byteLength(text))
  const unchanged = planned.length + 1 - uploaded.length
  if (uploaded.length > 0 && present.has(HISTORY_FILE)) await refuseForeignHistory(target)
  if (mode === 'publish' && uploaded.length > 0)
    await upload(source, target, { manifest, replaced, text, missing }, options)
  return {
    kind: mode === 'publish' ? 'published' : 'dry-run',
    target: target.name,
    uploaded,
    bytes,
    unchanged,
  }
}

interface Work {
  readonly manifest: Manifest
  /** The build in force in the bucket; a damaged manifest counts as none, publishing is the remedy. */
  readonly replaced: Manifest | undefined
  readonly text: string
  readonly missing: readonly PlannedObject[]
}

async function upload(
  source: Storage,
  target: Storage,
  { manifest, replaced, text, missing }: Work,
  options: PublishOptions,
): Promise<void> {
  const { concurrency = LIMITS.publishConcurrency, signal, onProgress = () => undefined } = options
  const total = missing.length + 1
  let done = 0
  // Before the first file, so that a prune knows whose files these are whatever happens next.
  const files = new Set([...manifest.assets.values()].map(({ file }) => file))
  await recordBuild(target, replaced, {
    digest: manifest.digest,
    files,
    at: options.now(),
  })
  await mapConcurrently(missing, concurrency, async (object) => {
    signal?.throwIfAborted()
    await target.save(object.key, source.open(object.source), { overwrite: true, headers: object.headers })
    done++
    onProgress({ done, total })
  })
  signal?.throwIfAborted()
  const headers = { contentType: 'application/json', cacheControl: 'no-cache' }
  await target.save(MANIFEST_FILE, Buffer.from(text), { overwrite: true, headers })
  onProgress({ done: total, total })
}

async function listSizes(target: Storage): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { key, size } of target.list()) sizes.set(key, size)
  return sizes
}

async function readManifestText(source: Storage): Promise<string> {
  if ((await source.stat(MANIFEST_FILE)) !== undefined) return (await source.read(MANIFEST_FILE)).toString()
  throw new FingerpostError('FP_MANIFEST', `${source.name} has no ${MANIFEST_FILE}.`, {
    remedy: 'Build first: fingerpost build. Or name the folder of a build with --out DIR.',
  })
}
