import type { ManifestReference } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import { createResolver } from '../../resolve/resolver.ts'
import { preloadLinks } from '../../serve/page/preload.ts'
import { referrersOf } from '../referrers.ts'
import type { FileReport, SiteReport } from '../site-report.ts'

/** A report with what is looked up in it. */
export interface Site {
  readonly report: SiteReport
  file(path: LogicalPath): FileReport | undefined
  /** The files that refer to this one, each with the kind of the reference. */
  usersOf(path: LogicalPath): readonly ManifestReference[]
  /** The files that a page fetches which preloads this one. */
  preloadsOf(path: LogicalPath): readonly FileReport[]
  /** The other files of its cycle. */
  cycleOf(path: LogicalPath): readonly LogicalPath[]
}

export function createSite(report: SiteReport): Site {
  const files = new Map(report.files.map((file) => [file.path, file]))
  const byUrl = new Map<string, FileReport>()
  const users = referrersOf(report.files)
  const usersOf = (path: LogicalPath) => users.get(path) ?? []
  const fileAt = (path: LogicalPath) => {
    const file = files.get(path)
    if (file === undefined) throw new RangeError(`${path} is not in the build`)
    return { ...file, integrity: '' }
  }
  const resolver = createResolver('', {
    has: (path) => files.has(path),
    get: fileAt,
    isImported: (path) => usersOf(path).some(({ kind }) => kind.startsWith('js-')),
  })
  for (const file of report.files) byUrl.set(resolver.resolve(file.path), file)

  return {
    report,
    file: (path) => files.get(path),
    usersOf,
    preloadsOf: (path) =>
      preloadLinks(resolver, [path]).flatMap((link) => byUrl.get(link.slice(1, link.indexOf('>'))) ?? []),
    cycleOf: (path) =>
      (report.cycles.find((cycle) => cycle.includes(path)) ?? []).filter((each) => each !== path),
  }
}
