import { FingerpostError } from '../error.ts'
import type { HashedPath } from '../hashed-path.ts'
import { asRecord } from '../option.ts'
import { comparePaths, isLogicalPath, type LogicalPath } from '../path.ts'
import { formatAsset } from './format.ts'
import { type ManifestAsset, parseAsset } from './manifest.ts'

/** The file name of a history, relative to the output folder. */
export const HISTORY_FILE = 'history.json'

/** The version of the format this release writes, and the only one it reads. */
export const HISTORY_VERSION = 1

/** Which build it was. */
export interface BuildMark {
  /** The digest of its manifest. */
  readonly digest: string
  readonly publishedAt: Date
  /** Never published; recorded so that a prune finds its files. */
  readonly abandoned: boolean
}

/** One build, as the difference to the build before: most builds change little. */
export interface BuildRecord extends BuildMark {
  /** Hashed paths, sorted. Variants go with them. */
  readonly added: readonly HashedPath[]
  readonly removed: readonly HashedPath[]
}

/** One build with all its files. */
export interface RecordedBuild extends BuildMark {
  readonly files: ReadonlySet<HashedPath>
}

/** What a server needs to answer for a file of an earlier build. */
export interface RetiredAsset extends Omit<ManifestAsset, 'references'> {
  readonly path: LogicalPath
}

/** What earlier builds left in an output. */
export interface History {
  /** Oldest first; the last one is in force, or was being written when its process died. */
  readonly builds: readonly BuildRecord[]
  /** Files of earlier builds only, by hashed path. */
  readonly retired: ReadonlyMap<HashedPath, RetiredAsset>
}

/** The history of an output without one. */
export const EMPTY_HISTORY: History = { builds: [], retired: new Map() }

/** The text of `history.json`. Inverse of {@link parseHistory}. */
export function formatHistory({ builds, retired }: History): string {
  const records = builds.map(({ digest, publishedAt, abandoned, added, removed }) => {
    return { digest, publishedAt: publishedAt.toISOString(), abandoned, added, removed }
  })
  const sorted = [...retired.values()].sort((a, b) => comparePaths(a.file, b.file))
  const assets = sorted.map((asset) => ({ path: asset.path, ...formatAsset({ ...asset, references: [] }) }))
  return `${JSON.stringify({ version: HISTORY_VERSION, builds: records, retired: assets }, undefined, 1)}\n`
}

/**
 * Reads the text of a history. Unknown fields are ignored.
 *
 * @param where names the history in messages
 * @throws FingerpostError `FP_MANIFEST` naming what isn't as it should be
 */
export function parseHistory(text: string, where: string): History {
  try {
    const root = asRecord(JSON.parse(text), 'the history')
    if (root['version'] !== HISTORY_VERSION) throw new TypeError(`its version is ${root['version']}`)
    const retired = listOf(root['retired']).map((value) => parseRetired(value, where))
    return {
      builds: parseBuilds(listOf(root['builds'])),
      retired: new Map(retired.map((asset) => [asset.file, asset])),
    }
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause)
    throw new FingerpostError('FP_MANIFEST', `${where} can't be used: ${fault}`, {
      remedy: 'Remove it: what earlier builds wrote then stays on the disk until you remove it yourself.',
      details: { history: where },
      cause,
    })
  }
}

/** The files of the last of these builds, which begin with the first of a history. */
export function filesAfter(builds: readonly BuildRecord[]): Set<HashedPath> {
  const files = new Set<HashedPath>()
  for (const build of builds) changeFiles(files, build)
  return files
}

export function describeChange(
  before: ReadonlySet<HashedPath>,
  { files, ...mark }: RecordedBuild,
): BuildRecord {
  return { ...mark, added: filesMissingIn(before, files), removed: filesMissingIn(files, before) }
}

/** All files of every build of a history, for a look at all of them. Inverse of {@link condenseBuilds}. */
export function expandBuilds(builds: readonly BuildRecord[]): readonly RecordedBuild[] {
  let files: ReadonlySet<HashedPath> = new Set()
  return builds.map(({ added, removed, ...mark }) => {
    files = changeFiles(new Set(files), { added, removed })
    return { ...mark, files }
  })
}

/** What each build changed, the first of them everything. Inverse of {@link expandBuilds}. */
export function condenseBuilds(builds: readonly RecordedBuild[]): readonly BuildRecord[] {
  return builds.map((build, index) => describeChange(builds[index - 1]?.files ?? new Set(), build))
}

function changeFiles(
  files: Set<HashedPath>,
  { added, removed }: Pick<BuildRecord, 'added' | 'removed'>,
): Set<HashedPath> {
  for (const file of added) files.add(file)
  for (const file of removed) files.delete(file)
  return files
}

function filesMissingIn(files: ReadonlySet<HashedPath>, others: ReadonlySet<HashedPath>): HashedPath[] {
  const missing: HashedPath[] = []
  for (const file of others) if (!files.has(file)) missing.push(file)
  return missing.sort(comparePaths)
}

function parseBuilds(values: readonly unknown[]): readonly BuildRecord[] {
  return values.map((value) => {
    const { digest, publishedAt, abandoned, added, removed } = asRecord(value, 'a build')
    const time = new Date(String(publishedAt))
    if (typeof digest !== 'string' || Number.isNaN(time.getTime())) {
      throw new TypeError('a build has no digest or no time')
    }
    const changes = { added: listOf(added).map(asKey), removed: listOf(removed).map(asKey) }
    return { digest, publishedAt: time, abandoned: abandoned === true, ...changes }
  })
}

function parseRetired(value: unknown, where: string): RetiredAsset {
  const path = asKey(asRecord(value, 'a retired file')['path'])
  const { references: _, ...asset } = parseAsset(value, where, path)
  return { path, ...asset }
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TypeError('a list is missing')
}

/** A prune removes what is named here. */
function asKey(value: unknown): string {
  if (typeof value === 'string' && isLogicalPath(value)) return value
  throw new TypeError(`${JSON.stringify(value)} is not a file name`)
}
