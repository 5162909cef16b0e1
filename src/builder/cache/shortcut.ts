import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Digest, Digester } from '../../core/digest.ts'
import { LIMITS } from '../../core/limit.ts'
import { openManifest } from '../../core/manifest/lines.ts'
import { MANIFEST_FILE, type Manifest } from '../../core/manifest/manifest.ts'
import type { Collection } from '../../sources/finder.ts'
import type { Storage } from '../../storage/storage.ts'
import { readRelease } from '../release.ts'
import type { BuildReport } from '../report.ts'
import type { BuildConfig } from '../settings/options.ts'
import { describeInputs, type Inputs, withoutYoung } from './inputs.ts'
import { listSizes } from './sizes.ts'
import { type KeptReport, openSnapshotFile, SNAPSHOT_FOLDER, type Snapshot } from './snapshot.ts'

/**
 * Recognises without opening a file of the site that nothing has changed since the last build with the same options and
 * tools: every source has the stat it had, every file of the output the size it had, and the manifest its bytes.
 */
export interface Shortcut {
  /** The report of a build that would change nothing; undefined if something may have changed. */
  recall(collection: Collection): Promise<RecalledReport | undefined>
  /**
   * Remembers what a build saw and left.
   *
   * @param sizes of the sizes of every file of the output
   */
  keep(collection: Collection, report: KeptReport, manifest: Buffer, sizes: Digest): void
}

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

  let seen: Inputs | undefined
  const look = (collection: Collection) => {
    seen ??= describeInputs(collection, digester)
    return seen
  }

  return {
    async recall(collection) {
      const snapshot = file.read()
      if (snapshot === undefined || startedAt - snapshot.builtAt > MAX_AGE_MS) return undefined
      const { names, stats } = look(collection)
      if (names !== snapshot.names || digester.of(stats) !== snapshot.stats) return undefined
      return recallReport(collection, snapshot, context)
    },
    keep(collection, { sources, outputs, problems, leftOut }, manifest, sizes) {
      const inputs = withoutYoung(look(collection), collection, startedAt - LIMITS.statTrustSeconds * 1000)
      const report = { sources, outputs, problems, leftOut }
      file.write({ outputs: sizes, manifest: digester.of(manifest), report, builtAt: startedAt }, inputs)
    },
  }
}

/** A cache forgets what nobody asked for. Long before that everything is built again, which asks for all of it. */
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
