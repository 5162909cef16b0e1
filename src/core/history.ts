import { FingerpostError } from './error.ts'
import type { HashedPath } from './hashed-path.ts'
import { formatAsset, type ManifestAsset, parseAsset } from './manifest.ts'
import { asRecord } from './option.ts'
import { comparePaths, isLogicalPath, type LogicalPath } from './path.ts'

/** The file name of a history, relative to the output folder. */
export const HISTORY_FILE = 'history.json'

/** The version of the format this release writes, and the only one it reads. */
export const HISTORY_VERSION = 1

/** One build: what it wrote, or was about to. */
export interface BuildRecord {
  /** The digest of its manifest. */
  readonly digest: string
  readonly publishedAt: Date
  /** Its hashed paths; siblings go with them. */
  readonly files: ReadonlySet<HashedPath>
  /** Begun and never published: its files are recorded so that a prune can find them. */
  readonly abandoned: boolean
}

/** All a server needs to go on answering for a file whose build is no longer in force. */
export interface RetiredAsset extends Omit<ManifestAsset, 'references'> {
  readonly path: LogicalPath
}

/** What earlier builds left in an output. */
export interface History {
  /** Oldest first; the last one is the build in force, or the one that was under way when its process died. */
  readonly builds: readonly BuildRecord[]
  /** Files of earlier builds that the one in force hasn't, by hashed path. */
  readonly retired: ReadonlyMap<HashedPath, RetiredAsset>
}

/** The history of an output without one. */
export const EMPTY_HISTORY: History = { builds: [], retired: new Map() }

/** The text of `history.json`: of each build only what it changed. Inverse of {@link parseHistory}. */
export function formatHistory({ builds, retired }: History): string {
  let before: ReadonlySet<HashedPath> = new Set()
  const records = builds.map(({ digest, publishedAt, files, abandoned }) => {
    const added = [...files].filter((file) => !before.has(file)).sort(comparePaths)
    const removed = [...before].filter((file) => !files.has(file)).sort(comparePaths)
    before = files
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

function parseBuilds(values: readonly unknown[]): readonly BuildRecord[] {
  let files: ReadonlySet<HashedPath> = new Set()
  return values.map((value) => {
    const { digest, publishedAt, abandoned, added, removed } = asRecord(value, 'a build')
    const time = new Date(String(publishedAt))
    if (typeof digest !== 'string' || Number.isNaN(time.getTime())) {
      throw new TypeError('a build has no digest or no time')
    }
    const gone = new Set(listOf(removed).map(asKey))
    files = new Set([...files, ...listOf(added).map(asKey)].filter((file) => !gone.has(file)))
    return { digest, publishedAt: time, files, abandoned: abandoned === true }
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

/** What a prune may remove is named here, so nothing that leads elsewhere may pass. */
function asKey(value: unknown): string {
  if (typeof value === 'string' && isLogicalPath(value)) return value
  throw new TypeError(`${JSON.stringify(value)} is no file name`)
}
