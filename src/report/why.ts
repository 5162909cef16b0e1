import { readManifest } from '../builder/publish/output.ts'
import { readHistory } from '../builder/publish/record.ts'
import { FingerpostError } from '../core/error.ts'
import { findPathOf, type HashedPath } from '../core/hashed-path.ts'
import type { Manifest, ManifestAsset } from '../core/manifest/manifest.ts'
import { nearestNames } from '../core/nearest.ts'
import { decodePath, type LogicalPath } from '../core/path.ts'
import type { Storage } from '../storage/storage.ts'
import { referrersOf } from './referrers.ts'

/** Why a file is in a build. */
export interface FileStory {
  readonly path: LogicalPath
  readonly asset: ManifestAsset
  /** The hashed name that was asked for, if it is of an earlier build; `since` then tells of that file. */
  readonly earlier?: HashedPath
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
 * @param name a logical path, a hashed one, also of an earlier build, a URL, or a specifier of the import map
 * @throws FingerpostError `FP_NOT_FOUND` with the nearest names
 */
export async function explainFile(storage: Storage, name: string): Promise<FileStory> {
  const manifest = await readManifest(storage)
  const { builds, retired } = await readHistory(storage)
  const names = spellingsOf(name, manifest.url)
  const current = names.flatMap((each) => findPathIn(manifest, each) ?? [])
  const earlier = current.length > 0 ? undefined : names.find((each) => retired.has(each))
  const path = current[0] ?? retired.get(earlier ?? '')?.path
  const asset = manifest.assets.get(path ?? '')
  if (path === undefined || asset === undefined) throw unknownFile(name, manifest)
  const users = usersIn(manifest)
  const file = earlier ?? asset.file
  const since = builds.findLast(({ added, abandoned }) => !abandoned && added.includes(file))
  return {
    ...{ path, asset, chain: chainTo(path, users), users: users.get(path) ?? [] },
    ...(earlier !== undefined && { earlier }),
    ...(since && { since: { digest: since.digest, publishedAt: since.publishedAt } }),
  }
}

/** What a name may mean: itself, or what follows the build's address in a URL as a browser, page or log has it. */
function spellingsOf(name: string, url: string): readonly string[] {
  const bases = [url, pathnameOf(url)]
  const addresses = [name, pathnameOf(name)]
  const below = addresses.flatMap((address) =>
    bases.filter((base) => address.startsWith(base)).map((base) => address.slice(base.length)),
  )
  return [name, ...[name, ...below].flatMap((each) => [each, decodePath(each.replace(/[?#].*$/s, ''))])]
}

function pathnameOf(address: string): string {
  return URL.canParse(address) ? new URL(address).pathname : address
}

function findPathIn({ assets, importMap }: Manifest, name: string): LogicalPath | undefined {
  return assets.has(name) ? name : (findPathOf(name, assets) ?? importMap?.get(name))
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
      nearest.length === 0
        ? 'Give a name, a hashed name, a URL, or what a module imports.'
        : `Did you mean ${nearest.join(' or ')}?`,
    details: { name, nearest },
  })
}
