import { readDictionaries } from '../builder/publish/dictionaries.ts'
import { readManifest } from '../builder/publish/output.ts'
import { openPrevious, type PreviousBuild } from '../builder/publish/previous.ts'
import { readHistory } from '../builder/publish/record.ts'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import type { LogicalPath } from '../core/path.ts'
import type { Storage } from '../storage/storage.ts'
import { compareBuilds, type EarlierBuild, earlierBuilds, type ReadFile } from './changes.ts'
import { createSiteReport, type ReportedWork, type SiteReport } from './site-report.ts'

/** What a report is made of, besides the build itself. */
export interface ReportOptions {
  /** A build to compare with: what `--previous` of a build takes. Default: the kept builds of the output. */
  readonly against?: string | undefined
  /** Where a relative `against` starts. */
  readonly cwd: string
  /** The source folder of each file, as far as it is known. */
  readonly sources?: ReadonlyMap<LogicalPath, string>
  readonly work?: ReportedWork
}

/**
 * Reports on the build in an output.
 *
 * @throws FingerpostError `FP_MANIFEST` for a missing or damaged build; what `openPrevious` throws for `against`
 */
export async function createReport(storage: Storage, options: ReportOptions): Promise<SiteReport> {
  const { against, cwd, sources = new Map(), work } = options
  const manifest = await readManifest(storage)
  const read: ReadFile = (file) => storage.read(file).catch(undefinedIfMissing)
  const present = { manifest, dictionaries: await readDictionaries(storage), read }
  const previous = against === undefined ? undefined : await openPrevious(against, cwd)
  try {
    const kept = earlierBuilds(await readHistory(storage), manifest, read).slice(0, LIMITS.reportedBuilds)
    const changes = []
    for (const build of previous === undefined ? kept : [asEarlier(previous), ...kept]) {
      changes.push(await compareBuilds(present, build))
    }
    return createSiteReport({ out: storage.name, manifest, changes, sources, work })
  } finally {
    await previous?.close()
  }
}

function asEarlier({ name, manifest, read }: PreviousBuild): EarlierBuild {
  return {
    name,
    assets: manifest.assets,
    read: (file, size) => read(file, size).catch(undefinedIfMissing),
  }
}

/** Without its bytes a file counts as changed. */
function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof FingerpostError) return undefined
  throw error
}
