import { ENCODINGS, variantPath } from '../../core/encoding.ts'
import { deltaOwner } from '../../core/manifest/dictionaries.ts'
import {
  condenseBuilds,
  expandBuilds,
  formatHistory,
  HISTORY_FILE,
  type History,
  type RecordedBuild,
} from '../../core/manifest/history.ts'
import type { Manifest } from '../../core/manifest/manifest.ts'
import { comparePaths } from '../../core/path.ts'
import { plusAlias } from '../../storage/key.ts'
import type { Storage } from '../../storage/storage.ts'
import { type BuildContext, type BuildEnvironment, createBuildContext } from '../context.ts'
import { promisedDeltas, readDictionaries } from '../publish/dictionaries.ts'
import { withLock } from '../publish/lock.ts'
import { promisedFiles, readManifest } from '../publish/output.ts'
import { markAbandoned, readHistory } from '../publish/record.ts'
import type { PruneReport } from '../report.ts'
import type { BuildOptions } from '../settings/options.ts'

/** What a prune keeps. */
export interface PruneOptions {
  /** Builds whose files are kept, the current one included; at least 1. Default 2. */
  readonly keep?: number
  /** Seconds since a file was last needed, and since it was written, before it may be removed. Default 3600. */
  readonly minAgeSeconds?: number
}

/** The defaults of {@link PruneOptions}. */
export const PRUNE_DEFAULTS = { keep: 2, minAgeSeconds: 3600 } as const

/**
 * Removes files that no kept build needs. Only files recorded by earlier builds are candidates; files of the current
 * build, too young files, and files that fingerpost didn't write are never touched (law 5).
 *
 * @throws FingerpostError `FP_MANIFEST` if manifest or history is missing or damaged; nothing is removed then
 */
export async function prune(
  options: BuildOptions,
  rules: PruneOptions = {},
  environment: BuildEnvironment = {},
): Promise<PruneReport> {
  const context = createBuildContext(options, environment)
  if (context.mode === 'dry-run') return pruneOutput(rules, context)
  return withLock(context.storage, context, () => pruneOutput(rules, context))
}

async function pruneOutput(rules: PruneOptions, context: BuildContext): Promise<PruneReport> {
  const { storage, mode, now, signal } = context
  const manifest = await readManifest(storage)
  const history = await readHistory(storage)
  const plan = planPrune(history, manifest, rules, now())
  const deltas = promisedDeltas(await readDictionaries(storage), manifest)
  const { removed, gone } = await listRemovable(plan, deltas, storage)
  if (mode === 'publish' && gone.size + removed.length > 0) {
    // Servers learn it first, then the files go, then their names: a prune that was killed can be repeated.
    const retired = retire(history, gone)
    await storeHistory(retired, storage)
    for (const { file } of removed) {
      signal.throwIfAborted()
      await storage.delete(file)
    }
    await storeHistory(forget(retired, gone, plan), storage)
  }
  const kind = mode === 'publish' ? 'pruned' : 'dry-run'
  return { kind, out: storage.name, kept: plan.kept.length, removed }
}

/** A decision made from the history alone. */
export interface PrunePlan {
  /** Oldest first. */
  readonly kept: readonly RecordedBuild[]
  /** Hashed paths of all builds. */
  readonly recorded: ReadonlySet<string>
  /** Hashed paths that no kept build needs, sorted. */
  readonly candidates: readonly string[]
  /** Keys that stay, even if they look like precompressed files of a candidate. */
  readonly needed: ReadonlySet<string>
  /** Files written later than this stay. */
  readonly writtenBefore: Date
}

/** Decides without looking at any file. */
function planPrune(history: History, manifest: Manifest, rules: PruneOptions, now: Date): PrunePlan {
  const { keep = PRUNE_DEFAULTS.keep, minAgeSeconds = PRUNE_DEFAULTS.minAgeSeconds } = rules
  const oldest = new Date(now.getTime() - minAgeSeconds * 1000)
  const builds = markAbandoned(expandBuilds(history.builds), manifest.digest)
  const published = builds.filter(({ abandoned }) => !abandoned)
  const kept = published.slice(-Math.max(1, keep))
  const needed = new Set(kept.flatMap(({ files }) => [...files]))
  for (const key of promisedFiles(manifest).keys()) needed.add(key)
  // A build's files were needed until the next one was published, and by older pages for some time after.
  builds.forEach(({ files }, index) => {
    const replacedAt = builds.slice(index + 1).find(({ abandoned }) => !abandoned)?.publishedAt
    if (replacedAt !== undefined && replacedAt > oldest) for (const file of files) needed.add(file)
  })
  const recorded = new Set(builds.flatMap(({ files }) => [...files]))
  const candidates = [...recorded].filter((file) => !needed.has(file)).sort(comparePaths)
  return { kept, recorded, candidates, needed, writtenBefore: oldest }
}

interface Removable {
  /** Existing files, precompressed ones included, in key order. */
  readonly removed: PruneReport['removed']
  /** Candidates that are removed, or were missing before. */
  readonly gone: ReadonlySet<string>
}

/**
 * Candidates with their precompressed files. If one of them is too young, all of them stay. And deltas that no build
 * promises.
 */
async function listRemovable(
  { candidates, recorded, needed, writtenBefore }: PrunePlan,
  deltas: ReadonlyMap<string, unknown>,
  storage: Storage,
): Promise<Removable> {
  const owners = new Map<string, string>()
  for (const file of candidates) {
    for (const key of [file, ...ENCODINGS.map((encoding) => variantPath(file, encoding))])
      for (const name of [key, plusAlias(key)]) owners.set(name, file)
  }
  const gone = new Set(candidates)
  const found: { owner: string; file: string; size: number }[] = []
  const stale: { file: string; size: number }[] = []
  for await (const { key, size, modifiedAt } of storage.list()) {
    const owner = owners.get(key)
    const isStale = recorded.has(deltaOwner(key) ?? '') && !deltas.has(key)
    if (isStale && !needed.has(key) && modifiedAt <= writtenBefore) stale.push({ file: key, size })
    if (owner === undefined || needed.has(key)) continue
    found.push({ owner, file: key, size })
    if (modifiedAt > writtenBefore) gone.delete(owner)
  }
  const leaving = found.filter(({ owner }) => gone.has(owner)).map(({ file, size }) => ({ file, size }))
  const removed = [...leaving, ...stale].sort((a, b) => comparePaths(a.file, b.file))
  return { removed, gone }
}

/** A history that no longer offers these files to servers. */
function retire(history: History, gone: ReadonlySet<string>): History {
  return { ...history, retired: new Map([...history.retired].filter(([file]) => !gone.has(file))) }
}

/** A history without these files, and without builds that have none left. */
function forget(history: History, gone: ReadonlySet<string>, { kept }: PrunePlan): History {
  const builds = expandBuilds(history.builds)
    .map((build) => ({ ...build, files: new Set([...build.files].filter((file) => !gone.has(file))) }))
    .filter(({ digest, files }) => files.size > 0 || kept.some((build) => build.digest === digest))
  return { ...history, builds: condenseBuilds(builds) }
}

async function storeHistory(history: History, storage: Storage): Promise<void> {
  await storage.save(HISTORY_FILE, Buffer.from(formatHistory(history)), { overwrite: true })
}
