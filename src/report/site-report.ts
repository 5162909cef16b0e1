import { sumOutputs } from '../builder/publish/write-build.ts'
import type { BuildReport, TimedWork } from '../builder/report.ts'
import { componentsInOrder } from '../builder/rewrite/graph.ts'
import type { Encoding } from '../core/encoding.ts'
import type { HashedPath } from '../core/hashed-path.ts'
import {
  downloadSize,
  type Manifest,
  type ManifestAsset,
  type ManifestReference,
} from '../core/manifest/manifest.ts'
import type { LogicalPath } from '../core/path.ts'
import { type Advice, adviseOn, findUnused } from './advice.ts'
import type { BuildChanges } from './changes.ts'

/** What `fingerpost report` tells about a build. Sizes are bytes. Plain JSON: `--json` prints it. */
export interface SiteReport {
  /** The output: `folder /srv/app/staticfiles`. */
  readonly out: string
  /** Where the files appear to browsers; ends with a slash. */
  readonly url: string
  readonly digest: string
  readonly totals: SiteTotals
  readonly encodings: BuildReport['outputs']
  /** In order of path. */
  readonly files: readonly FileReport[]
  /** Files that refer to each other in a cycle, which get their names together. */
  readonly cycles: readonly (readonly LogicalPath[])[]
  /** Since other builds, the latest first. */
  readonly changes: readonly BuildChanges[]
  /** Kept builds that this report doesn't compare with; `--against` chooses one. The latest first. */
  readonly older: readonly Required<Pick<BuildChanges, 'since' | 'publishedAt'>>[]
  /** Files worth a look, those with the most bytes to save first. */
  readonly advice: readonly Advice[]
  /** Files that nothing in the build refers to. Templates and pages outside the build may still name them. */
  readonly unused: readonly LogicalPath[]
  /** What the build did, if it was built here with a cache, or by `build --report`. */
  readonly work?: TimedWork
}

/** Sums over all files. */
export interface SiteTotals {
  readonly files: number
  readonly bytes: number
  /** With the smallest variant of each file. */
  readonly download: number
}

/** One file of a build. */
export interface FileReport {
  readonly path: LogicalPath
  readonly file: HashedPath
  readonly type: string
  readonly size: number
  /** Of the smallest variant. */
  readonly download: number
  readonly encodings: Readonly<Partial<Record<Encoding, number>>>
  readonly references: readonly ManifestReference[]
  /** The folder it was collected from, where the sources are known. */
  readonly source?: string
}

/** What a report is made from. */
export interface ReportInput {
  readonly out: string
  readonly manifest: Manifest
  readonly changes: readonly BuildChanges[]
  readonly older: SiteReport['older']
  /** The source folder of each file, as far as it is known. */
  readonly sources: ReadonlyMap<LogicalPath, string>
  readonly work?: TimedWork | undefined
}

export function createSiteReport(input: ReportInput): SiteReport {
  const { out, manifest, changes, older, sources, work } = input
  const { url, digest, assets } = manifest
  const files = Array.from(assets, ([path, asset]) => describeFile(path, asset, sources.get(path)))
  return {
    ...{ out, url, digest, totals: sumFiles(files), encodings: sumOutputs(assets.values()), files },
    ...{
      cycles: findCycles(files),
      changes,
      older,
      advice: adviseOn(manifest),
      unused: findUnused(manifest),
    },
    ...(work && { work }),
  }
}

function describeFile(path: LogicalPath, asset: ManifestAsset, source: string | undefined): FileReport {
  const { file, type, size, references } = asset
  const sizes = Object.entries(asset.encodings).map(([encoding, variant]) => [encoding, variant.size])
  const encodings: FileReport['encodings'] = Object.fromEntries(sizes)
  const download = downloadSize(asset)
  return { path, file, type, size, download, encodings, references, ...(source !== undefined && { source }) }
}

function sumFiles(files: readonly FileReport[]): SiteTotals {
  const sum = (field: 'size' | 'download') => files.reduce((total, file) => total + file[field], 0)
  return { files: files.length, bytes: sum('size'), download: sum('download') }
}

/** Source maps and their files name each other by design. */
function findCycles(files: readonly FileReport[]): SiteReport['cycles'] {
  const edges = files.map(({ path, references }) => {
    const targets = references.filter(({ kind }) => kind !== 'source-map-file').map((each) => each.path)
    return [path, targets] as const
  })
  const components = componentsInOrder(
    files.map(({ path }) => path),
    new Map(edges),
  )
  return components.filter(({ length }) => length > 1)
}
