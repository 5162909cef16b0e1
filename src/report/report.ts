import { readDictionaries } from '../builder/publish/dictionaries.ts'
import { readManifest } from '../builder/publish/output.ts'
import { openPrevious, type PreviousBuild } from '../builder/publish/previous.ts'
import { readHistory } from '../builder/publish/record.ts'
import type { TimedWork } from '../builder/report.ts'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import type { LogicalPath } from '../core/path.ts'
import type { Storage } from '../storage/storage.ts'
import { compareBuilds, type EarlierBuild, earlierBuilds, type KeptBuild, type ReadFile } from './changes.ts'
import { createSiteReport, type SiteReport } from './site-report.ts'

/** What a report is made of, besides the build itself. */
export interface ReportOptions {
  /**
   * A build to compare with besides the latest that the output keeps: the start of the digest of a kept build, or what
   * `--previous` of a build takes.
   */
  readonly against?: string | undefined
  /** Where a relative `against` starts. */
  readonly cwd: string
  /** The source folder of each file, as far as it is known. */
  readonly sources?: ReadonlyMap<LogicalPath, string>
  /** What the build with a digest did, as far as it is known. */
  readonly workOf?: (digest: string) => Promise<TimedWork | undefined>
}

/**
 * Reports on the build in an output.
 *
 * @throws FingerpostError `FP_MANIFEST` for a missing or damaged build; `FP_NOT_FOUND` for `against`
 */
export async function createReport(storage: Storage, options: ReportOptions): Promise<SiteReport> {
  const { against, cwd, sources = new Map(), workOf } = options
  const manifest = await readManifest(storage)
  const read: ReadFile = (file) => storage.read(file).catch(undefinedIfMissing)
  const present = { manifest, dictionaries: await readDictionaries(storage), read }
  const kept = earlierBuilds(await readHistory(storage), manifest, read)
  const chosen = against === undefined ? undefined : findKept(kept, against)
  const previous =
    against === undefined || chosen !== undefined ? undefined : await openAgainst(against, cwd, kept)
  try {
    const first = previous === undefined ? chosen : asEarlier(previous)
    const others = kept.filter((build) => build !== first)
    const compared = others.slice(0, LIMITS.reportedBuilds)
    const changes = []
    for (const build of first === undefined ? compared : [first, ...compared]) {
      changes.push(await compareBuilds(present, build))
    }
    const older = others.slice(compared.length).map(({ name, publishedAt }) => ({ since: name, publishedAt }))
    const work = await workOf?.(manifest.digest)
    return createSiteReport({ out: storage.name, manifest, changes, older, sources, work })
  } finally {
    await previous?.close()
  }
}

/** The kept build whose digest starts with these digits. Fewer are too few to tell it from a folder. */
function findKept(kept: readonly KeptBuild[], digits: string): KeptBuild | undefined {
  if (!/^[0-9a-f]{6,16}$/.test(digits)) return undefined
  const found = kept.filter(({ name }) => name.startsWith(digits))
  if (new Set(found.map(({ name }) => name)).size < 2) return found[0]
  throw notFound(`Several kept builds have a digest that starts with ${digits}`, digits, found)
}

/** Opens a build from elsewhere. If it doesn't exist, the error lists the kept builds. */
async function openAgainst(against: string, cwd: string, kept: readonly KeptBuild[]): Promise<PreviousBuild> {
  return openPrevious(against, cwd).catch((error: unknown) => {
    if (!(error instanceof FingerpostError) || error.code !== 'FP_NOT_FOUND') throw error
    throw notFound(error.message.replace(/\.\n.*$/s, ''), against, kept, error)
  })
}

function notFound(
  fault: string,
  against: string,
  kept: readonly KeptBuild[],
  cause?: unknown,
): FingerpostError {
  const listed = kept
    .slice(0, LIMITS.reportedBuilds)
    .map(({ name, publishedAt }) => `${name} of ${publishedAt}`)
  const places = 'Name the folder of a build, an archive of fingerpost pack, the URL of a manifest.json'
  const more = kept.length > listed.length ? `, and ${kept.length - listed.length} older` : ''
  return new FingerpostError('FP_NOT_FOUND', `${fault}.`, {
    remedy:
      kept.length === 0
        ? `${places}. The output keeps no earlier build.`
        : `${places} or the digest of a kept build: ${listed.join(', ')}${more}.`,
    details: { against, kept: kept.map(({ name }) => name) },
    cause,
  })
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
