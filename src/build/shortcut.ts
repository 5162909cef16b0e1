import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Digest, Digester } from '../core/digest.ts'
import { LIMITS } from '../core/limit.ts'
import { MANIFEST_FILE, type Manifest, parseManifest } from '../core/manifest.ts'
import type { Collection } from '../find/finder.ts'
import type { Storage } from '../storage/storage.ts'
import type { BuildConfig } from './options.ts'
import { VITE_MANIFEST } from './prehashed.ts'
import type { BuildReport } from './report.ts'

/**
 * Recognises that nothing has changed since the last build without opening a single file of the site: the same options
 * and tools, every source with the stat it had, every file of the output with the size it had, the manifest byte for byte.
 */
export interface Shortcut {
  /** The report of a build that would change nothing; undefined if it might. */
  recall(collection: Collection): Promise<RecalledReport | undefined>
  /**
   * Remembers what a build saw and left.
   *
   * @param sizes of every file of the output
   */
  keep(collection: Collection, report: KeptReport, manifest: Buffer, sizes: ReadonlyMap<string, number>): void
}

/** What a report has that can't be told from sources and output. */
type KeptReport = Pick<BuildReport, 'sources' | 'outputs' | 'problems' | 'leftOut'>

/** A report whose manifest is read only if somebody asks for it. */
type RecalledReport = Omit<BuildReport, 'elapsedMs' | 'manifest'> & { readonly readManifest: () => Manifest }

/** What a shortcut is made for. */
export interface ShortcutContext {
  readonly config: BuildConfig
  readonly storage: Storage
  readonly digester: Digester
}

interface Snapshot {
  readonly inputs: Digest
  readonly outputs: Digest
  readonly manifest: Digest
  readonly report: KeptReport
}

/** The shortcut of one configuration; undefined where there is no cache to keep it in. */
export function createShortcut({ config, storage, digester }: ShortcutContext): Shortcut | undefined {
  if (config.cache === false) return undefined
  // By the clock that stamps files, and before the first of them is looked at.
  const startedAt = Date.now()
  const folder = join(config.cache.dir, SNAPSHOT_FOLDER)
  const file = join(folder, digester.ofFields([toolVersion(), storage.name, JSON.stringify(config)]))

  return {
    async recall(collection) {
      const snapshot = readSnapshot(file, digester)
      if (snapshot?.inputs !== digestInputs(collection, digester)) return undefined
      if (snapshot.outputs !== digestSizes(await listSizes(storage), digester)) return undefined
      const text = await storage.read(MANIFEST_FILE)
      if (digester.of(text) !== snapshot.manifest) return undefined
      const { shadowed, skipped } = collection
      const work = { read: 0, scanned: 0, encoded: 0, recalled: 0, written: 0 }
      const readManifest = () => parseManifest(text.toString(), storage.name)
      return {
        ...snapshot.report,
        kind: 'unchanged',
        out: storage.name,
        work,
        shadowed,
        skipped,
        readManifest,
      }
    },
    keep(collection, { sources, outputs, problems, leftOut }, manifest, sizes) {
      if (!isTrustworthy(collection, startedAt)) return
      const snapshot: Snapshot = {
        inputs: digestInputs(collection, digester),
        outputs: digestSizes(sizes, digester),
        manifest: digester.of(manifest),
        report: { sources, outputs, problems, leftOut },
      }
      writeSnapshot(folder, file, formatSnapshot(snapshot, digester))
    },
  }
}

/** Where in a cache folder snapshots are. */
export const SNAPSHOT_FOLDER = 'builds'

/**
 * Everything besides options and files that a build depends on. The time of this very file stands for the tool's code,
 * so that working on fingerpost itself never meets a snapshot of yesterday's.
 */
function toolVersion(): string {
  const { version, arch, platform } = process
  return `${version} ${arch} ${platform} ${statSync(fileURLToPath(import.meta.url)).mtimeMs}`
}

/** One text for all, hashed at once: a field at a time would take longer than looking at the files. */
function digestInputs({ files, shadowed, skipped }: Collection, digester: Digester): Digest {
  const lines: string[] = []
  const folders = new Set<string>()
  for (const { path, absolutePath, source, size, mtimeNs, ctimeNs, inode } of files.values()) {
    lines.push(`${path}\0${absolutePath}\0${size} ${mtimeNs} ${ctimeNs} ${inode}`)
    folders.add(source.folder)
  }
  // What loses or is left out shows in messages.
  for (const { path, loser } of shadowed) lines.push(`shadowed ${path}\0${loser.absolutePath}`)
  for (const { path, reason } of skipped) lines.push(`skipped ${path}\0${reason}`)
  for (const folder of folders) {
    const found = statSync(join(folder, VITE_MANIFEST), { throwIfNoEntry: false })
    lines.push(`vite ${folder}\0${found?.size} ${found?.mtimeMs} ${found?.ctimeMs}`)
  }
  return digester.of(Buffer.from(lines.join('\0\n')))
}

function digestSizes(sizes: ReadonlyMap<string, number>, digester: Digester): Digest {
  const lines = [...sizes]
    .filter(([key]) => !key.startsWith('.fingerpost/'))
    .map(([key, size]) => `${key}\0${size}`)
  return digester.of(Buffer.from(lines.sort().join('\0\n')))
}

async function listSizes(storage: Storage): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>()
  for await (const { key, size } of storage.list()) sizes.set(key, size)
  return sizes
}

/** Law 4: a file edited within the clock's grain of being read might be edited again without its stat changing. */
function isTrustworthy({ files }: Collection, startedAt: number): boolean {
  const limit = BigInt(startedAt - LIMITS.statTrustSeconds * 1000) * 1_000_000n
  for (const { mtimeNs, ctimeNs } of files.values()) if (mtimeNs > limit || ctimeNs > limit) return false
  return true
}

/** A checksum, a line end, JSON. */
function formatSnapshot(snapshot: Snapshot, digester: Digester): Buffer {
  const json = Buffer.from(JSON.stringify(snapshot))
  return Buffer.concat([Buffer.from(`${digester.of(json)}\n`), json])
}

function readSnapshot(file: string, digester: Digester): Snapshot | undefined {
  try {
    const bytes = readFileSync(file)
    const json = bytes.subarray(17)
    return bytes.toString('latin1', 0, 16) === digester.of(json) ? JSON.parse(json.toString()) : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

/** A folder that can't be written costs the next build its time, and this one nothing. */
function writeSnapshot(folder: string, file: string, bytes: Buffer): void {
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${file}.${process.pid}.tmp`, bytes)
    renameSync(`${file}.${process.pid}.tmp`, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}
