import { createDigester, type Digester } from '../core/digest.ts'
import type { ImportMapNames } from '../core/manifest.ts'
import { comparePaths } from '../core/path.ts'
import type { Collection } from '../find/finder.ts'
import { createScanners } from '../scan/scanners.ts'
import { makeAssets, tallyOutputs } from './assets.ts'
import { type BuildCache, createNoCache } from './cache.ts'
import { createDrafts, type Drafts } from './draft.ts'
import { createEncoder, type Encoder } from './encoder.ts'
import { type BuildEnvironment, type Surroundings, surroundingsOf } from './environment.ts'
import { createImportMapNames } from './import-map.ts'
import { type Links, linkReferences } from './link.ts'
import { withLock } from './lock.ts'
import { type Name, nameFiles } from './name.ts'
import { type BuildConfig, type BuildOptions, parseBuildOptions } from './options.ts'
import { readOutput } from './output.ts'
import { findPrehashed } from './prehashed.ts'
import { createProgress } from './progress.ts'
import { createManifest, manifestDigest, publishManifest } from './publish.ts'
import { createRecipes } from './recipe.ts'
import { type ComingBuild, recordBuild } from './record.ts'
import { refuseErrors } from './refuse.ts'
import type { BuildReport } from './report.ts'
import { createSourceReader, type SourceReader } from './source-reader.ts'
import { collectSources, fingerprintSources, scanSources } from './sources.ts'
import { createVariantMaker } from './variant.ts'
import { createDryWriter, createWriter, type OutputWriter } from './writer.ts'

/**
 * Builds: collects the sources, gives every file the name its content demands, rewrites what refers to it, compresses,
 * and publishes the whole at once.
 *
 * @throws FingerpostError whatever is wrong with options, sources, references or the output; nothing is published then
 */
export async function build(options: BuildOptions, environment: BuildEnvironment = {}): Promise<BuildReport> {
  const started = performance.now()
  const config = parseBuildOptions(options, environment.cwd ?? process.cwd())
  const encoder = await createEncoder(config)
  const digester = await createDigester()
  const surroundings = surroundingsOf(environment, config)
  const cache = await openCache(config, digester)
  try {
    const workshop = { config, surroundings, digester, cache, encoder, reader: createSourceReader() }
    const report = await runBuild(workshop)
    return { ...report, elapsedMs: Math.round(performance.now() - started) }
  } finally {
    // Kept after a failure too: what was encoded need not be encoded again.
    await cache.close()
    await encoder.close()
  }
}

async function openCache({ cache }: BuildConfig, digester: Digester): Promise<BuildCache> {
  if (cache === false) return createNoCache()
  const { openFolderCache } = await import('./cache-folder.ts')
  return openFolderCache({ ...cache, digester })
}

/** What every step of a build works with. */
interface Workshop {
  readonly config: BuildConfig
  readonly surroundings: Surroundings
  readonly digester: Digester
  readonly reader: SourceReader
  readonly cache: BuildCache
  readonly encoder: Encoder
}

/** A build whose every file has its name, before anything is written. */
interface NamedBuild {
  readonly collection: Collection
  readonly links: Links['links']
  readonly names: ReadonlyMap<string, Name>
  readonly drafts: Drafts
  readonly importMap: ImportMapNames
}

async function runBuild(workshop: Workshop): Promise<Omit<BuildReport, 'elapsedMs'>> {
  const { config, surroundings, cache, reader } = workshop
  const context = { ...workshop, signal: surroundings.signal }
  surroundings.report({ kind: 'step', step: 'collect' })
  const collection = await collectSources(config)
  surroundings.report({ kind: 'step', step: 'scan' })
  const {
    scans,
    fingerprints: known,
    scanned,
  } = await scanSources(collection, await createScanners({ html: config.references.html }), context)
  const prehashed = await findPrehashed(collection, config.references.prehashed)
  const { links, problems, moduleUrls } = linkReferences({ scans, collection, prehashed, config })
  refuseErrors(problems)
  const importMap = createImportMapNames({ paths: collection.files.keys(), moduleUrls, config })
  const fingerprints = await fingerprintSources(collection, known, context)
  const drafts = createDrafts({ files: collection.files, links, scans, prehashed, reader })
  const remembered = { find: cache.findNames, keep: cache.keepNames }
  const names = nameFiles({ ...workshop, drafts, prehashed, fingerprints, remembered })
  const named = { collection, links, names, drafts, importMap }
  const publish = () => publishBuild(named, workshop)
  const isDry = surroundings.mode === 'dry-run'
  const published = isDry ? await publish() : await withLock(surroundings.storage, surroundings, publish)
  return {
    ...published,
    out: surroundings.storage.name,
    sources: tallySources(collection),
    work: { ...published.work, scanned, read: reader.count() },
    problems,
    shadowed: collection.shadowed,
    skipped: collection.skipped,
  }
}

async function publishBuild(build: NamedBuild, workshop: Workshop) {
  const { storage, mode } = workshop.surroundings
  const output = await readOutput(storage)
  const { digester } = workshop
  if (mode === 'dry-run') {
    const made = await makeBuild(build, createDryWriter(storage, output, digester), workshop)
    return { ...made, kind: mode }
  }
  const recorded = await recordBuild(storage, output.manifest, comingBuild(build, workshop))
  const made = await makeBuild(build, createWriter(storage, output, digester), workshop)
  const published = await publishManifest(made.manifest, storage, output)
  const written = recorded + made.work.written + published
  const kind = written === 0 ? ('unchanged' as const) : ('built' as const)
  return { ...made, kind, work: { ...made.work, written } }
}

function comingBuild({ names }: NamedBuild, { digester, surroundings }: Workshop): ComingBuild {
  const named = [...names].map(([path, { file, fingerprint }]) => {
    return [path, { file, etag: fingerprint.digest }] as const
  })
  const digest = manifestDigest(
    named.sort(([a], [b]) => comparePaths(a, b)),
    digester,
  )
  return { digest, files: new Set(named.map(([, { file }]) => file)), at: surroundings.now() }
}

async function makeBuild(build: NamedBuild, writer: OutputWriter, workshop: Workshop) {
  const { config, surroundings, digester } = workshop
  const { report, signal } = surroundings
  const { files } = build.collection
  const variants = createVariantMaker(workshop)
  const onDone = createProgress(files, report)
  const recipesFor = await createRecipes(config)
  const context = { ...workshop, ...build, files, recipesFor, variants, writer, signal, onDone }
  const assets = await makeAssets(context)
  report({ kind: 'step', step: 'publish' })
  const manifest = createManifest(assets, config.url.href, digester, build.importMap)
  const work = { ...variants.count(), written: writer.count() }
  return { manifest, outputs: tallyOutputs(assets.values()), work }
}

function tallySources({ files }: Collection) {
  let bytes = 0
  for (const { size } of files.values()) bytes += size
  return { files: files.size, bytes }
}
