import { type PruneOptions, prune } from '../builder/maintain/prune.ts'
import { promisedDeltas, readDictionaries } from '../builder/publish/dictionaries.ts'
import { readableManifest } from '../builder/publish/output.ts'
import { recordBuild } from '../builder/publish/record.ts'
import type { PruneReport } from '../builder/report.ts'
import { mapConcurrently } from '../core/concurrent.ts'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import { MANIFEST_FILE, parseManifest } from '../core/manifest/manifest.ts'
import { createMemoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { type BucketVariant, type PlannedObject, planObjects } from './publish-plan.ts'

/** How to publish. */
export interface PublishOptions {
  /** Which bytes a hashed name gets; see {@link BucketVariant}. Default `identity`. */
  readonly variant?: BucketVariant
  /** Files uploaded at the same time. Default 16. */
  readonly concurrency?: number
  /** `dry-run` only reports what would be uploaded and removed. Default `publish`. */
  readonly mode?: 'publish' | 'dry-run'
  /** Remove what no kept build needs afterwards. Default: nothing is removed. */
  readonly prune?: PruneOptions
  readonly now: () => Date
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: PublishProgress) => void
}

/** Files uploaded so far. */
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
  /** Files that were there already. */
  readonly unchanged: number
  readonly removed: PruneReport['removed']
  /** Deltas of the build, which stay here: a bucket can't choose by a request's headers. */
  readonly deltas: number
}

/**
 * Uploads a build: one listing, then what is missing, then the manifest. A reader of the target sees the old build or
 * the new one. After an interruption, publishing again continues.
 *
 * @throws FingerpostError `FP_MANIFEST` for a folder without a build, `FP_COLLISION` for a target whose `manifest.json` or
 * `history.json` isn't fingerpost's, `FP_STORAGE` if the target refuses
 */
export async function publishBuild(
  source: Storage,
  target: Storage,
  options: PublishOptions,
): Promise<PublishReport> {
  const { variant = 'identity', mode = 'publish', now, signal, onProgress = () => undefined } = options
  const text = await readManifestText(source)
  const manifest = parseManifest(text, `${source.name}: ${MANIFEST_FILE}`)
  const planned = planObjects(manifest, variant, target)
  const present = await listSizes(target)
  const missing = planned.filter(({ key, size }) => present.get(key) !== size)
  const inForce = present.has(MANIFEST_FILE) ? (await target.read(MANIFEST_FILE)).toString() : undefined
  const isCurrent = inForce === text
  const replaced = inForce === undefined ? undefined : readableManifest(inForce, target.name)
  const uploaded = [...missing.map(({ key }) => key), ...(isCurrent ? [] : [MANIFEST_FILE])]
  const destination = mode === 'publish' ? target : previewOf(target)
  if (uploaded.length > 0) {
    // Before the first file, so that a prune knows whose files these are whatever happens next.
    const files = new Set([...manifest.assets.values()].map(({ file }) => file))
    await recordBuild(destination, replaced, { digest: manifest.digest, files, at: now() })
    if (mode === 'publish') await uploadFiles(source, target, missing, options)
    signal?.throwIfAborted()
    const headers = { contentType: 'application/json', cacheControl: 'no-cache' }
    await destination.save(MANIFEST_FILE, Buffer.from(text), { overwrite: true, headers })
    onProgress({ done: missing.length + 1, total: missing.length + 1 })
  }
  const environment = { storage: destination, mode, now, ...(signal === undefined ? {} : { signal }) }
  return {
    kind: mode === 'publish' ? 'published' : 'dry-run',
    target: target.name,
    uploaded,
    bytes: missing.reduce((sum, { size }) => sum + size, isCurrent ? 0 : Buffer.byteLength(text)),
    unchanged: planned.length + 1 - uploaded.length,
    deltas: promisedDeltas(await readDictionaries(source), manifest).size,
    removed: options.prune ? (await prune({ sources: [] }, options.prune, environment)).removed : [],
  }
}

async function uploadFiles(
  source: Storage,
  target: Storage,
  missing: readonly PlannedObject[],
  { concurrency = LIMITS.publishConcurrency, signal, onProgress = () => undefined }: PublishOptions,
): Promise<void> {
  let done = 0
  await mapConcurrently(missing, concurrency, async (object) => {
    signal?.throwIfAborted()
    await target.save(object.key, source.open(object.source), { overwrite: true, headers: object.headers })
    done++
    onProgress({ done, total: missing.length + 1 })
  })
}

/** A storage as it would be: what is saved is kept in memory. */
function previewOf(target: Storage): Storage {
  const saved = createMemoryStorage()
  const holderOf = async (key: string) => ((await saved.stat(key)) === undefined ? target : saved)
  return {
    ...target,
    save: saved.save,
    read: async (key) => (await holderOf(key)).read(key),
    stat: async (key) => (await holderOf(key)).stat(key),
  }
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
