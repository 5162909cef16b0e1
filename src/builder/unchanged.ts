import { readdirSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Digest, Digester } from '../core/digest.ts'
import { LIMITS } from '../core/limit.ts'
import { openManifest } from '../core/manifest/lines.ts'
import { MANIFEST_FILE, type Manifest } from '../core/manifest/manifest.ts'
import type { Collection } from '../sources/finder.ts'
import type { Storage } from '../storage/storage.ts'
import { type Cache, getJson, putJson, withBuildsCache } from './cache/cache.ts'
import type { FinishedBuild } from './pipeline.ts'
import { digestSizes, listSizes } from './publish/output.ts'
import { VITE_MANIFEST } from './read/vite.ts'
import { readRelease } from './release.ts'
import type { BuildReport } from './report.ts'
import type { BuildConfig } from './settings/options.ts'

/**
 * Recognises that nothing has changed since the last build with the same options, without opening a file of the site
 * except the manifest: every source has the same stat, every file of the output the same size, the manifest the same
 * bytes.
 */
export interface UnchangedCheck {
  /** The report of a build that would change nothing; undefined if something may have changed. */
  recall(collection: Collection): Promise<UnchangedReport | undefined>
  /** Remembers a finished build. */
  keep(
    collection: Collection,
    built: Pick<FinishedBuild, 'manifestBytes' | 'sizes' | 'dependencies'> & { readonly report: KnownReport },
  ): void
}

/** A report whose manifest is parsed only if it is asked for. */
type UnchangedReport = Omit<FinishedBuild['report'], 'manifest'> &
  Pick<FinishedBuild, 'dependencies'> & { readonly readManifest: () => Manifest }

/** The part of a report that can't be told from sources and output. */
type KnownReport = Pick<BuildReport, 'sources' | 'outputs' | 'deltas' | 'problems' | 'leftOut'>

/** What is remembered of a build. */
interface KnownBuild {
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly inputs: Digest
  /** Files outside the collection that transforms depended on, with their stats. */
  readonly dependencies: readonly (readonly [path: string, stat: string])[]
  readonly outputs: Digest
  readonly manifest: Digest
  readonly report: KnownReport
}

/** What a check is made for. */
export interface UnchangedContext {
  readonly config: BuildConfig
  readonly storage: Storage
  readonly digester: Digester
}

/** The cache drops what no build uses. Well before that, everything is built again, which uses all of it. */
const MAX_AGE_MS = (LIMITS.buildCacheMaxIdleDays / 2) * 86_400_000

/** The check for one configuration; undefined if there is no cache to remember builds in. */
export function createUnchangedCheck({
  config,
  storage,
  digester,
}: UnchangedContext): UnchangedCheck | undefined {
  if (config.cache === false) return undefined
  const { cache } = config
  // By the clock that stamps files, and before the first file is looked at.
  const startedAt = Date.now()
  const key = digester.ofFields([describeProgram(), storage.name, JSON.stringify(config)])
  const withCache = <T>(use: (builds: Cache) => T) => withBuildsCache({ ...cache, digester }, use)
  let inputs: Digest | undefined

  return {
    async recall(collection) {
      inputs = digestInputs(collection, digester)
      const known = withCache((cache) => getJson<KnownBuild>(cache, key))
      if (known?.inputs !== inputs || startedAt - known.startedAt > MAX_AGE_MS) return undefined
      if (known.dependencies.some(([path, stat]) => stat !== describeStat(path))) return undefined
      if (digestSizes(await listSizes(storage), digester) !== known.outputs) return undefined
      const text = await storage.read(MANIFEST_FILE)
      if (digester.of(text) !== known.manifest) return undefined
      const work = { read: 0, scanned: 0, encoded: 0, recalled: 0, written: 0, cache: { hits: 0, misses: 0 } }
      const { shadowed, skipped } = collection
      const readManifest = () => openManifest(text.toString(), storage.name)
      const dependencies = known.dependencies.map(([path]) => path)
      const found = { work, shadowed, skipped, dependencies, readManifest }
      return { ...known.report, kind: 'unchanged', out: storage.name, ...found }
    },
    keep(collection, { report, manifestBytes, sizes, dependencies }) {
      const settledMs = startedAt - LIMITS.statTrustSeconds * 1000
      if (inputs === undefined || hasYoung(collection, settledMs, dependencies)) return
      const { sources, outputs, deltas, problems, leftOut } = report
      const known: KnownBuild = {
        ...{ startedAt, inputs, outputs: digestSizes(sizes, digester), manifest: digester.of(manifestBytes) },
        dependencies: dependencies.map((path) => [path, describeStat(path)]),
        report: { sources, outputs, deltas, problems, leftOut },
      }
      withCache((cache) => putJson(cache, key, known))
    },
  }
}

/** What tells one state of a file from another. */
function describeStat(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  return `${found?.size} ${found?.mtimeMs} ${found?.ctimeMs} ${found?.ino}`
}

/** Everything that a build sees of its sources without reading them. */
export function digestInputs(collection: Collection, digester: Digester): Digest {
  const { files, shadowed, skipped } = collection
  const lines: string[] = []
  for (const { path, absolutePath, size, mtimeNs, ctimeNs, inode } of files.values()) {
    lines.push(path, absolutePath, `${size} ${mtimeNs} ${ctimeNs} ${inode}`)
  }
  // These are in the report.
  for (const { path, loser } of shadowed) lines.push('shadowed', path, loser.absolutePath)
  for (const { path, reason } of skipped) lines.push('skipped', path, reason)
  if (collection.packages !== undefined) lines.push('packages', ...collection.packages.describe())
  for (const file of viteManifests(collection)) {
    lines.push('vite', file, describeStat(file))
  }
  return digester.ofFields(lines)
}

/**
 * Whether an input was edited so recently that it may be edited again without a change of its stat (law 4).
 *
 * @param settledMs milliseconds since 1970: what was edited later is young
 * @param others absolute paths of inputs outside the collection
 */
export function hasYoung(collection: Collection, settledMs: number, others: readonly string[] = []): boolean {
  const settledNs = BigInt(settledMs) * 1_000_000n
  for (const { mtimeNs, ctimeNs } of collection.files.values()) {
    if (mtimeNs > settledNs || ctimeNs > settledNs) return true
  }
  return [...viteManifests(collection), ...others].some((file) => {
    const found = statSync(file, { throwIfNoEntry: false })
    return found !== undefined && Math.max(found.mtimeMs, found.ctimeMs) > settledMs
  })
}

/** Where Vite's manifests would be. They are no files of the build, but decide on it. */
export function viteManifests({ files }: Pick<Collection, 'files'>): readonly string[] {
  const folders = new Set<string>()
  for (const { source } of files.values()) folders.add(source.folder)
  return Array.from(folders, (folder) => join(folder, VITE_MANIFEST))
}

/**
 * Everything besides options and files that a build depends on. Between releases, the sizes and times of all program
 * files tell one state of the code from another.
 */
function describeProgram(): string {
  const { version, arch, platform } = process
  return [readRelease(), version, arch, platform, ...describeFiles(programFolder())].join('\n')
}

/** `src` or `dist` of the package that this file is in. */
function programFolder(): string {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const [folder = ''] = relative(root, fileURLToPath(import.meta.url)).split(sep)
  return join(root, folder)
}

/** Every program file in a folder with its size and time. */
export function describeFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[cm]?[jt]s$/.test(name) && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name))
      return `${name} ${size} ${mtimeMs}`
    })
}
