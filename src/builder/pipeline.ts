import type { Digest } from '../core/digest.ts'
import type { LogicalPath } from '../core/path.ts'
import { createScanners } from '../scan/scanners.ts'
import type { SourceFile } from '../sources/finder.ts'
import { createRecipes } from './compress/compression-rule.ts'
import { createHeadStart } from './compress/eager.ts'
import { canEncode } from './compress/encoder.ts'
import { createVariantMaker } from './compress/variant.ts'
import type { Work, Workshop } from './context.ts'
import { collectGarbage } from './garbage.ts'
import { createImportMapNames } from './link/import-map.ts'
import { linkReferences } from './link/link.ts'
import { refuseErrors } from './link/refuse.ts'
import { claimKeys } from './publish/collisions.ts'
import { withLock } from './publish/lock.ts'
import { publishBuild } from './publish/publish-build.ts'
import { findPrehashed } from './read/prehashed.ts'
import { fingerprintSources, scanSources } from './read/sources.ts'
import type { BuildReport } from './report.ts'
import { nameFiles, nameIn } from './rewrite/name.ts'
import { createDrafts } from './rewrite/rewrite.ts'
import { tallySources } from './totals.ts'

/** What a finished build tells, and digests of what is in its output now. */
export interface FinishedBuild {
  readonly report: Omit<BuildReport, 'elapsedMs'>
  readonly manifestBytes: Buffer
  /** Of the sizes of all its files. */
  readonly sizes: Digest
}

/** Builds from sources that are collected. When it ends, however it ends, nothing goes on behind the caller's back. */
export async function runBuild(workshop: Workshop): Promise<FinishedBuild> {
  const ending = new AbortController()
  const signal = AbortSignal.any([workshop.surroundings.signal, ending.signal])
  const recipesFor = await createRecipes(workshop.config)
  const variants = createVariantMaker({ ...workshop, signal })
  const headStart = createHeadStart({ variants, recipesFor })
  try {
    return await makeSite({ ...workshop, variants, recipesFor, headStart, ending, signal })
  } finally {
    ending.abort(new Error('the build has ended'))
    await variants.settle()
  }
}

/** The build in one sentence: scan, link, name, encode, publish. */
async function makeSite(work: Work): Promise<FinishedBuild> {
  const { collection, config, surroundings, reader } = work
  surroundings.report({ kind: 'step', step: 'scan' })
  const { named, problems, scanned } = await nameSite(work)
  const publish = () => publishBuild(named, work)
  const isDry = surroundings.mode === 'dry-run'
  const { sizes, manifestBytes, ...published } = isDry
    ? await publish()
    : await withLock(surroundings.storage, surroundings, publish)
  const report = {
    ...published,
    out: surroundings.storage.name,
    sources: tallySources(collection),
    leftOut: config.encodings.filter((encoding) => !canEncode(encoding)),
    work: { ...published.work, scanned, read: reader.count() },
    problems,
    shadowed: collection.shadowed,
    skipped: collection.skipped,
  }
  return { report, manifestBytes, sizes }
}

/** Scans, links and names. What only these steps need is in memory no longer than this call: scans of all files. */
async function nameSite(work: Work) {
  const { collection, config, cache, reader } = work
  const { files } = collection
  const scanners = await createScanners({ html: config.html })
  const { scans, fingerprints: known, scanned } = await scanSources(files, scanners, work)
  const prehashed = await findPrehashed(collection, config.prehashed)
  const { links, moduleUrls, strips, problems } = linkReferences({ scans, collection, prehashed, config })
  refuseErrors(problems)
  const importMap = createImportMapNames({ paths: files.keys(), moduleUrls, config })
  const fingerprints = await fingerprintSources(files, known, work)
  const drafts = createDrafts({ files, links, scans, prehashed, reader, strips })
  const remembered = { find: cache.findNames, keep: cache.keepNames }
  const onFinished = work.headStart.offerFinal
  const names = nameFiles({ ...work, drafts, prehashed, fingerprints, remembered, onFinished })
  if (hasBigFile(files)) collectGarbage()
  const all = Array.from(files.keys(), (path) => [path, nameIn(names, path)] as const)
  const named = { files, links, names, all, drafts, brought: claimKeys(all), importMap }
  return { named, problems, scanned }
}

/** Below that there is too little to collect to be worth the time. */
const BIG_BYTES = 2 * 1024 * 1024

function hasBigFile(files: ReadonlyMap<LogicalPath, SourceFile>): boolean {
  for (const { size } of files.values()) if (size >= BIG_BYTES) return true
  return false
}
