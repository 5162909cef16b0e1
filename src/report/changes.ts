import type { HashedPath } from '../core/hashed-path.ts'
import type { Dictionaries } from '../core/manifest/dictionaries.ts'
import { expandBuilds, type History } from '../core/manifest/history.ts'
import { downloadSize, type Manifest, type ManifestAsset } from '../core/manifest/manifest.ts'
import { comparePaths, type LogicalPath } from '../core/path.ts'

/** What changed from an earlier build to the one in force. */
export interface BuildChanges {
  /** The earlier build: its digest, or what `--against` named. */
  readonly since: string
  /** ISO 8601; unknown of a build from elsewhere. */
  readonly publishedAt?: string
  /** In order of path. */
  readonly files: readonly FileChange[]
  /** Bytes that a visitor of the earlier build downloads to have all files. */
  readonly download: number
  /** The same with shared dictionaries (RFC 9842), if the build has any. */
  readonly downloadWithDeltas?: number
  /** Bytes by which the whole site has grown, as visitors download it. */
  readonly growth: number
  /** Bytes of the earlier site, as visitors download it. */
  readonly before: number
}

/** What happened to one file. */
export interface FileChange {
  /** `renamed`: its own content is the same, but files it refers to have new names. */
  readonly kind: 'new' | 'changed' | 'renamed' | 'gone'
  readonly path: LogicalPath
  /** Of the smallest variant now, or then if it is gone. */
  readonly download: number
  /** Of the smallest delta to the earlier content. */
  readonly delta?: number
  /** Of a renamed file: the references from it to the file that was edited, both included. */
  readonly because?: readonly LogicalPath[]
}

/** A build to compare with. */
export interface EarlierBuild {
  readonly name: string
  readonly publishedAt?: string
  readonly assets: ReadonlyMap<LogicalPath, EarlierAsset>
  /** The bytes of one of its files; undefined if they are not kept. */
  readonly read: ReadFile
}

/** An earlier build of the same output; its name is its digest. */
export interface KeptBuild extends EarlierBuild {
  readonly publishedAt: string
}

export type EarlierAsset = Pick<ManifestAsset, 'file' | 'size' | 'etag' | 'encodings'>
export type ReadFile = (file: HashedPath, size: number) => Promise<Uint8Array | undefined>

/** The build that is compared. */
export interface PresentBuild {
  readonly manifest: Manifest
  readonly dictionaries: Dictionaries | undefined
  readonly read: ReadFile
}

/** Compares a build with an earlier one. */
export async function compareBuilds(
  { manifest: { assets }, dictionaries, read }: PresentBuild,
  earlier: EarlierBuild,
): Promise<BuildChanges> {
  const kinds = new Map<LogicalPath, FileChange['kind']>()
  for (const [path, now] of assets) {
    const then = earlier.assets.get(path)
    if (then?.file === now.file) continue
    const isRenamed = then !== undefined && (await haveSameContent(now, then, read, earlier.read))
    kinds.set(path, then === undefined ? 'new' : isRenamed ? 'renamed' : 'changed')
  }
  const deltas = new Map(dictionaries?.deltas.map((delta) => [`${delta.file} ${delta.from}`, delta]))
  const present = Array.from(kinds, ([path, kind]): FileChange => {
    const because = kind === 'renamed' ? findCause(path, kinds, assets) : undefined
    const sizes = deltas.get(`${assets.get(path)?.file} ${earlier.assets.get(path)?.etag}`)?.encodings ?? {}
    const [delta] = Object.values(sizes)
      .map(({ size }) => size)
      .sort((a, b) => a - b)
    return {
      ...{ kind, path, download: downloadOf(path, assets) },
      ...(delta !== undefined && { delta }),
      ...(because && { because }),
    }
  })
  const gone = [...earlier.assets.keys()].filter((path) => !assets.has(path))
  const absent = gone.map((path): FileChange => {
    return { kind: 'gone', path, download: downloadOf(path, earlier.assets) }
  })
  const before = sumDownloads(earlier.assets)
  const sum = (sizeOf: (file: FileChange) => number) =>
    present.reduce((total, file) => total + sizeOf(file), 0)
  const { name: since, publishedAt } = earlier
  return {
    since,
    ...(publishedAt !== undefined && { publishedAt }),
    files: [...present, ...absent].sort((a, b) => comparePaths(a.path, b.path)),
    download: sum(({ download }) => download),
    ...(deltas.size > 0 && { downloadWithDeltas: sum(({ download, delta }) => delta ?? download) }),
    ...{ growth: sumDownloads(assets) - before, before },
  }
}

/** The builds of a history before the one in force whose files are all known, the latest first. */
export function earlierBuilds(
  history: History,
  { assets, digest }: Manifest,
  read: ReadFile,
): readonly KeptBuild[] {
  const known = new Map<HashedPath, readonly [LogicalPath, EarlierAsset]>()
  for (const [path, asset] of assets) known.set(asset.file, [path, asset])
  for (const asset of history.retired.values()) known.set(asset.file, [asset.path, asset])
  const before = expandBuilds(history.builds).filter((build) => !build.abandoned && build.digest !== digest)
  return before.reverse().flatMap(({ digest: name, publishedAt, files }) => {
    const entries = [...files].map((file) => known.get(file))
    if (entries.some((entry) => entry === undefined)) return []
    const then = new Map(entries as readonly (readonly [LogicalPath, EarlierAsset])[])
    return [{ name, publishedAt: publishedAt.toISOString(), assets: then, read }]
  })
}

/** Whether two files differ in nothing but digests and the integrity that builds write. A file without references has its own content only. */
async function haveSameContent(
  now: ManifestAsset,
  then: EarlierAsset,
  read: ReadFile,
  readEarlier: ReadFile,
): Promise<boolean> {
  if (now.references.length === 0 || now.size !== then.size) return false
  const [current, previous] = await Promise.all([read(now.file, now.size), readEarlier(then.file, then.size)])
  if (current === undefined || previous === undefined) return false
  return withoutDigests(current) === withoutDigests(previous)
}

/** Builds write integrity as sha384. Other hashes, such as those of a Content-Security-Policy, are the author's. */
function withoutDigests(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/\.[0-9a-f]{16}(?![0-9a-f])|sha384-[A-Za-z0-9+/]{64}/g, '')
}

/** The shortest chain of references from a renamed file to one whose own content is new. */
function findCause(
  start: LogicalPath,
  changed: ReadonlyMap<LogicalPath, FileChange['kind']>,
  assets: Manifest['assets'],
): readonly LogicalPath[] | undefined {
  const chains = new Map<LogicalPath, readonly LogicalPath[]>([[start, [start]]])
  // A Map goes on to what is added while it is walked.
  for (const [path, chain] of chains) {
    if (changed.get(path) !== 'renamed') return chain
    for (const { path: next } of assets.get(path)?.references ?? []) {
      if (changed.has(next) && !chains.has(next)) chains.set(next, [...chain, next])
    }
  }
  return undefined
}

function downloadOf(path: LogicalPath, assets: EarlierBuild['assets']): number {
  const asset = assets.get(path)
  return asset === undefined ? 0 : downloadSize(asset)
}

function sumDownloads(assets: EarlierBuild['assets']): number {
  let sum = 0
  for (const asset of assets.values()) sum += downloadSize(asset)
  return sum
}
