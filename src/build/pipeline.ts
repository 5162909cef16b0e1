import type { Digester } from '../core/digest.ts'
import { HISTORY_FILE } from '../core/history.ts'
import { formatManifest, type ImportMapNames, MANIFEST_FILE } from '../core/manifest.ts'
import type { Collection } from '../find/finder.ts'
import { createScanners } from '../scan/scanners.ts'
import type { Storage } from '../storage/storage.ts'
import { makeAssets } from './assets.ts'
import type { BuildCache } from './cache.ts'
import { carryForward } from './carry.ts'
import { claimKeys } from './claim.ts'
import { createDrafts, type Drafts } from './draft.ts'
import { canEncode, type Encoder } from './encoder.ts'
import type { Surroundings } from './environment.ts'
import { collectGarbage } from './garbage.ts'
import { createHeadStart, type HeadStart } from './head-start.ts'
import { createImportMapNames } from './import-map.ts'
import { type Links, linkReferences } from './link.ts'
import { withLock } from './lock.ts'
import { type Name, nameFiles, nameIn } from './name.ts'
import type { BuildConfig } from './options.ts'
import { type Output, readOutput } from './output.ts'
import { findPrehashed } from './prehashed.ts'
import type { PreviousBuild } from './previous.ts'
import { createProgress } from './progress.ts'
import { createManifest, manifestDigest, publishManifest } from './publish.ts'
import { createRecipes, type RecipesFor } from './recipe.ts'
import { type ComingBuild, recordBuild, refuseForeignHistory } from './record.ts'
import { refuseErrors } from './refuse.ts'
import type { BuildReport } from './report.ts'
import type { SourceReader } from './source-reader.ts'
import { fingerprintSources, scanSources } from './sources.ts'
import { tallyOutputs, tallySources } from './tally.ts'
import { createVariantMaker, type VariantMaker } from './variant.ts'
import { createDryWriter, createWriter, type OutputWriter } from './writer.ts'

/** What every step of a build works with. */
export interface Workshop {
  readonly config: BuildConfig
  readonly surroundings: Surroundings
  readonly digester: Digester
  readonly reader: SourceReader
  readonly cache: BuildCache
  readonly encoder: Encoder
  /** Whose files are carried forward. */
  readonly previous?: PreviousBuild | undefined
}

/** A workshop at work on one build. */
interface Work extends Workshop {
  readonly variants: VariantMaker
  readonly recipesFor: RecipesFor
  readonly headStart: HeadStart
  /** Aborted when the build ends, for whatever reason: what hasn't begun then never does. */
  readonly ending: AbortController
  /** Aborted with the ending, and when somebody outside says so. */
  readonly signal: AbortSignal
}

/** A build whose every file has its name, before anything is written. */
interface NamedBuild {
  readonly collection: Collection
  readonly links: Links['links']
  readonly names: ReadonlyMap<string, Name>
  readonly drafts: Drafts
  /** Siblings that sources bring themselves. */
  readonly brought: ReadonlySet<string>
  readonly importMap: ImportMapNames
}

/** What a finished build tells, and what is in its output now. */
export interface FinishedBuild {
  readonly report: Omit<BuildReport, 'elapsedMs'>
  readonly manifestText: string
  /** Of every file, by key. */
  readonly sizes: ReadonlyMap<string, number>
}

/** Builds from sources that are collected. When it ends, however it ends, nothing goes on behind the caller's back. */
export async function runBuild(collection: Collection, workshop: Workshop): Promise<FinishedBuild> {
  const ending = new AbortController()
  const signal = AbortSignal.any([workshop.surroundings.signal, ending.signal])
  const recipesFor = await createRecipes(workshop.config)
  const variants = createVariantMaker({ ...workshop, signal })
  const headStart = createHeadStart({ variants, recipesFor })
  try {
    return await makeSite(collection, { ...workshop, variants, recipesFor, headStart, ending, signal })
  } finally {
    ending.abort(new Error('the build has ended'))
    await variants.settle()
  }
}

/** The build in one sentence: scan, link, name, encode, publish. */
async function makeSite(collection: Collection, work: Work): Promise<FinishedBuild> {
  const { config, surroundings, cache, reader } = work
  surroundings.report({ kind: 'step', step: 'scan' })
  const {
    scans,
    fingerprints: known,
    scanned,
  } = await scanSources(collection, await createScanners({ html: config.references.html }), work)
  const prehashed = await findPrehashed(collection, config.references.prehashed)
  const { links, problems, moduleUrls, strips } = linkReferences({ scans, collection, prehashed, config })
  refuseErrors(problems)
  const importMap = createImportMapNames({ paths: collection.files.keys(), moduleUrls, config })
  const fingerprints = await fingerprintSources(collection, known, work)
  const drafts = createDrafts({ files: collection.files, links, scans, prehashed, reader, strips })
  const remembered = { find: cache.findNames, keep: cache.keepNames }
  const onFinished = work.headStart.offerFinal
  const names = nameFiles({ ...work, drafts, prehashed, fingerprints, remembered, onFinished })
  if (hasBigFile(collection)) collectGarbage()
  const named = { collection, links, names, drafts, brought: claimKeys(names), importMap }
  const publish = () => publishBuild(named, work)
  const isDry = surroundings.mode === 'dry-run'
  const { sizes, manifestText, ...published } = isDry
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
  return { report, manifestText, sizes }
}

async function publishBuild(build: NamedBuild, work: Work) {
  const { storage, mode } = work.surroundings
  const output = await readOutput(storage)
  const { digester } = work
  const coming = { ...comingBuild(build, work), previous: work.previous?.manifest }
  if (mode === 'dry-run') {
    await refuseForeignHistory(storage)
    const made = await makeBuild(build, coming, createDryWriter(storage, output, digester), work)
    return { ...made, kind: mode, sizes: output.sizes }
  }
  const recorded = await recordBuild(storage, output.manifest, coming)
  const writer = createWriter(storage, output, digester)
  const { previous } = work
  if (previous !== undefined) await carryForward({ ...work, previous, output, coming: coming.files, writer })
  const made = await makeBuild(build, coming, writer, work)
  const published = await publishManifest(made.manifestText, storage, output)
  const written = recorded + made.work.written + published
  const kind = written === 0 ? ('unchanged' as const) : ('built' as const)
  return { ...made, kind, work: { ...made.work, written }, sizes: await sizesAfter(storage, output, writer) }
}

/** What is in the output now, without listing it again. */
async function sizesAfter(storage: Storage, output: Output, writer: OutputWriter) {
  const sizes = new Map([...output.sizes, ...writer.sizes()])
  for (const key of [MANIFEST_FILE, HISTORY_FILE]) {
    const found = await storage.stat(key)
    if (found !== undefined) sizes.set(key, found.size)
  }
  return sizes
}

function comingBuild({ collection, names }: NamedBuild, { digester, surroundings }: Workshop): ComingBuild {
  // In the order of the collection, which is the manifest's.
  const ordered = [...collection.files.keys()].map((path) => [path, nameIn(names, path)] as const)
  const digest = manifestDigest(ordered, digester)
  return { digest, files: new Set(ordered.map(([, { file }]) => file)), at: surroundings.now() }
}

async function makeBuild(build: NamedBuild, { digest }: ComingBuild, writer: OutputWriter, work: Work) {
  const { config, variants } = work
  const { report } = work.surroundings
  const { files } = build.collection
  const assets = await makeAssets({ ...work, ...build, files, writer, onDone: createProgress(files, report) })
  report({ kind: 'step', step: 'publish' })
  const manifest = createManifest(assets, config.url.href, digest, build.importMap)
  const counts = { ...variants.count(), written: writer.count() }
  const manifestText = formatManifest(manifest)
  return { manifest, manifestText, outputs: tallyOutputs(assets.values()), work: counts }
}

/** Below that there is too little to collect to be worth the time. */
const BIG_BYTES = 2 * 1024 * 1024

function hasBigFile({ files }: Collection): boolean {
  for (const { size } of files.values()) if (size >= BIG_BYTES) return true
  return false
}
