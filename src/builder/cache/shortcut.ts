import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Digest, Digester } from '../../core/digest.ts'
import { LIMITS } from '../../core/limit.ts'
import { openManifest } from '../../core/manifest/lines.ts'
import { MANIFEST_FILE, type Manifest } from '../../core/manifest/manifest.ts'
import type { Collection } from '../../sources/finder.ts'
import type { Storage } from '../../storage/storage.ts'
import { type Base, createBase } from '../base.ts'
import { readRelease } from '../release.ts'
import type { BuildReport } from '../report.ts'
import type { BuildConfig } from '../settings/options.ts'
import { describeInputs, findChanges, type Inputs, withoutYoung } from './inputs.ts'
import { listSizes } from './sizes.ts'
import { type KeptReport, openSnapshotFile, SNAPSHOT_FOLDER, type Snapshot } from './snapshot.ts'

/**
 * Recognises without opening a single file of the site what has changed since the last build with the same options and
 * tools: nothing, if every source has the stat it had, every file of the output the size it had, and the manifest its
 * bytes; or some files, so that the others need not be built again.
 */
export interface Shortcut {
  /** What the last build is worth for this one; undefined for nothing. */
  recall(collection: Collection): Promise<Recalled | undefined>
  /**
   * Remembers what a build saw and left.
   *
   * @param sizes of the sizes of every file of the output
   */
  keep(collection: Collection, report: KeptReport, manifest: Buffer, sizes: Digest): void
}

/** A build that would change nothing, or one that can stand on the last. */
export type Recalled =
  | { readonly kind: 'unchanged'; readonly report: RecalledReport }
  | { readonly kind: 'changed'; readonly base: Base }

/** A report whose manifest is read only if somebody asks for it. */
type RecalledReport = Omit<BuildReport, 'elapsedMs' | 'manifest'> & { readonly readManifest: () => Manifest }

/** What a shortcut is made for. */
export interface ShortcutContext {
  readonly config: BuildConfig
  readonly storage: Storage
  readonly digester: Digester
}

/** The shortcut of one configuration; undefined where there is no cache to keep it in. */
export function createShortcut(context: ShortcutContext): Shortcut | undefined {
  const { config, storage, digester } = context
  if (config.cache === false) return undefined
  // By the clock that stamps files, and before the first of them is looked at.
  const startedAt = Date.now()
  const name = digester.ofFields([toolVersion(), storage.name, JSON.stringify(config)])
  const file = openSnapshotFile(join(config.cache.dir, SNAPSHOT_FOLDER), name, digester)

  let wholeAt = startedAt
  let seen: Inputs | undefined
  const look = (collection: Collection) => {
    seen ??= describeInputs(collection, digester)
    return seen
  }

  return {
    async recall(collection) {
      const snapshot = file.read()
      if (snapshot === undefined || startedAt - snapshot.wholeAt > MAX_AGE_MS) return undefined
      const inputs = look(collection)
      if (inputs.names !== snapshot.names) return undefined
      if (digester.of(inputs.stats) === snapshot.stats) {
        const report = await recallReport(collection, snapshot, context)
        return report && { kind: 'unchanged', report }
      }
      const before = file.readStats(snapshot)
      const changed = before && findChanges(before, inputs.stats, collection)
      const base = changed && (await recallBase(changed, snapshot, context))
      if (base === undefined) return undefined
      wholeAt = snapshot.wholeAt
      return { kind: 'changed', base }
    },
    keep(collection, { sources, outputs, problems, leftOut }, manifest, sizes) {
      const inputs = withoutYoung(look(collection), collection, startedAt - LIMITS.statTrustSeconds * 1000)
      const report = { sources, outputs, problems, leftOut }
      file.write({ outputs: sizes, manifest: digester.of(manifest), report, wholeAt }, inputs)
    },
  }
}

/** A cache forgets what nobody asked for. Long before it does, everything is built, which asks for all of it. */
const MAX_AGE_MS = (LIMITS.buildCacheMaxIdleDays / 2) * 86_400_000

/**
 * Everything besides options and files that a build depends on. The time of this very file stands for the code between
 * releases, so that working on fingerpost itself never meets a snapshot of yesterday's; some installers give every file
 * of every release the same.
 */
function toolVersion(): string {
  const { version, arch, platform } = process
  const { mtimeMs } = statSync(fileURLToPath(import.meta.url))
  return `${readRelease()} ${version} ${arch} ${platform} ${mtimeMs}`
}

/** The report of a build that would change nothing; undefined if the output isn't as the last one left it. */
async function recallReport(
  { shadowed, skipped }: Collection,
  snapshot: Snapshot,
  { storage, digester }: ShortcutContext,
): Promise<RecalledReport | undefined> {
  if (snapshot.outputs !== (await listSizes(storage, digester)).digest()) return undefined
  const text = await storage.read(MANIFEST_FILE)
  if (digester.of(text) !== snapshot.manifest) return undefined
  const work = { read: 0, scanned: 0, encoded: 0, recalled: 0, written: 0 }
  const readManifest = () => openManifest(text.toString(), storage.name)
  return { ...snapshot.report, kind: 'unchanged', out: storage.name, work, shadowed, skipped, readManifest }
}

/** What a build of some changed files can stand on. The files of the output are looked at when it is written. */
async function recallBase(
  changed: ReadonlySet<string>,
  snapshot: Snapshot,
  { config, storage, digester }: ShortcutContext,
): Promise<Base | undefined> {
  // An import map is made of what stands in every module.
  if (config.references.modules === 'import-map') return undefined
  if ((await storage.stat(MANIFEST_FILE)) === undefined) return undefined
  const text = await storage.read(MANIFEST_FILE)
  if (digester.of(text) !== snapshot.manifest) return undefined
  return createBase({
    changed,
    manifest: openManifest(text.toString(), storage.name),
    manifestEtag: snapshot.manifest,
    problems: snapshot.report.problems,
    outputs: snapshot.report.outputs,
    isIn: ({ manifestEtag, sizes }) =>
      manifestEtag === snapshot.manifest && sizes.digest() === snapshot.outputs,
  })
}
