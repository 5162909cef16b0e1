import { readManifest } from '../builder/publish/output.ts'
import { readHistory } from '../builder/publish/record.ts'
import { FingerpostError } from '../core/error.ts'
import { findPathOf } from '../core/hashed-path.ts'
import type { Manifest, ManifestAsset } from '../core/manifest/manifest.ts'
import { nearestNames } from '../core/nearest.ts'
import { decodePath, type LogicalPath } from '../core/path.ts'
import type { Storage } from '../storage/storage.ts'
import { referrersOf } from './referrers.ts'

/** Why a file is in a build. */
export interface FileStory {
  readonly path: LogicalPath
  readonly asset: ManifestAsset
  /** References that lead to the file from one that no other refers to, both included. Only the file if there are none. */
  readonly chain: readonly LogicalPath[]
  /** All files that refer to it, in order of path. */
  readonly users: readonly LogicalPath[]
  /** The first of the kept builds that had this content; undefined if the history doesn't tell. */
  readonly since?: { readonly digest: string; readonly publishedAt: Date }
}

/**
 * Tells why a file is in the build of an output.
 *
 * @param name a logical path, a hashed one, or a URL
 * @throws FingerpostError `FP_NOT_FOUND` with the nearest names
 */
export async function explainFile(storage: Storage, name: string): Promise<FileStory> {
  const manifest = await readManifest(storage)
  const path = findPath(name, manifest)
  const asset = path === undefined ? undefined : manifest.assets.get(path)
  if (path === undefined || asset === undefined) throw unknownFile(name, manifest)
  const users = usersIn(manifest)
  const { builds } = await readHistory(storage)
  const since = builds.findLast(({ added, abandoned }) => !abandoned && added.includes(asset.file))
  const story = { path, asset, chain: chainTo(path, users), users: users.get(path) ?? [] }
  if (since === undefined) return story
  const { digest, publishedAt } = since
  return { ...story, since: { digest, publishedAt } }
}

function findPath(name: string, { url, assets }: Manifest): LogicalPath | undefined {
  const below = name.startsWith(url) ? name.slice(url.length) : name
  const spellings = [name, below, decodePath(below.replace(/[?#].*$/s, ''))]
  for (const spelling of spellings) {
    const path = assets.has(spelling) ? spelling : findPathOf(spelling, assets)
    if (path !== undefined) return path
  }
  return undefined
}

/** By file, the files that refer to it, each once. */
function usersIn({ assets }: Manifest): ReadonlyMap<LogicalPath, readonly LogicalPath[]> {
  const referrers = referrersOf(Array.from(assets, ([path, { references }]) => ({ path, references })))
  return new Map(Array.from(referrers, ([path, each]) => [path, [...new Set(each.map((one) => one.path))]]))
}

/** The shortest way from a file that no other refers to. In a cycle without such a file, the longest found. */
function chainTo(
  path: LogicalPath,
  users: ReadonlyMap<LogicalPath, readonly LogicalPath[]>,
): readonly LogicalPath[] {
  const chains = new Map<LogicalPath, readonly LogicalPath[]>([[path, [path]]])
  let last: readonly LogicalPath[] = [path]
  // A Map goes on to what is added while it is walked.
  for (const [first, chain] of chains) {
    const before = users.get(first) ?? []
    if (before.length === 0) return chain
    last = chain
    for (const user of before) if (!chains.has(user)) chains.set(user, [user, ...chain])
  }
  return last
}

function unknownFile(name: string, { assets }: Manifest): FingerpostError {
  const nearest = nearestNames(name, assets.keys())
  return new FingerpostError('FP_NOT_FOUND', `${JSON.stringify(name)} is not in the build.`, {
    remedy:
      nearest.length === 0 ? 'Give a name, a hashed name or a URL.' : `Did you mean ${nearest.join(' or ')}?`,
    details: { name, nearest },
  })
}
