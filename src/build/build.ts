import { createDigester, type Digester } from '../core/digest.ts'
import type { ImportMapNames } from '../core/manifest.ts'
import type { Collection } from '../find/finder.ts'
import { createScanners } from '../scan/scanners.ts'
import { makeAssets, tallyOutputs } from './assets.ts'
import { type BuildCache, createNoCache } from './cache.ts'
import { createDrafts, type Drafts } from './draft.ts'
import { createNativeEncoder, requireEncodings } from './encoder.ts'
import { type BuildEnvironment, type Surroundings, surroundingsOf } from './environment.ts'
import { createImportMapNames } from './import-map.ts'
import { type Links, linkReferences } from './link.ts'
import { type Name, nameFiles } from './name.ts'
import { type BuildConfig, type BuildOptions, parseBuildOptions } from './options.ts'
import { readOutput } from './output.ts'
import { findPrehashed } from './prehashed.ts'
import { createProgress } from './progress.ts'
import { createManifest, publishManifest } from './publish.ts'
import { createRecipes } from './recipe.ts'
import { refuseErrors } from './refuse.ts'
import type { BuildReport } from './report.ts'
import { createSourceReader, type SourceReader } from './source-reader.ts'
import { collectSources, fingerprintSources, scanSources } from './sources.ts'
import { createVariantMaker } from './variant.ts'
import { createDryWriter, createWriter } from './writer.ts'

/**
 * Builds: collects the sources, gives every file the name its content demands, rewrites what refers to it, compresses,
 * and publishes the whole at once.
 *
 * @throws FingerpostError whatever is wrong with options, sources, references or the output; nothing is published then
 */
export async function build(options: BuildOptions, environment: BuildEnvironment = {}): Promise<BuildReport> {
  const started = performance.now()
  const config = parseBuildOptions(options, environment.cwd ?? process.cwd())
  requireEncodings(config.encodings)
  const digester = await createDigester()
  const surroundings = surroundingsOf(environment, config)
  const cache = await openCache(config, digester)
  try {
    const workshop = { config, surroundings, digester, cache, reader: createSourceReader() }
    const report = await runBuild(workshop)
    return { ...report, elapsedMs: Math.round(performance.now() - started) }
  } finally {
    // Kept after a failure too: what was encoded need not be encoded again.
    await cache.close()
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
  const published = await publishBuild({ collection, links, names, drafts, importMap }, workshop)
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

async function publishBuild({ collection, links, names, drafts, importMap }: NamedBuild, workshop: Workshop) {
  const { config, surroundings, digester, reader, cache } = workshop
  const { storage, mode, signal } = surroundings
  const output = await readOutput(storage)
  const writer = (mode === 'dry-run' ? createDryWriter : createWriter)(storage, output, digester)
  const encoder = createNativeEncoder()
  const variants = createVariantMaker({ encoder, cache, digester })
  const progress = createProgress(collection.files, surroundings.report)
  const recipesFor = await createRecipes(config)
  const { files } = collection
  const context = { files, links, names, digester, reader, drafts, recipesFor, variants, writer, signal }
  const assets = await makeAssets({ ...context, onDone: progress })
  surroundings.report({ kind: 'step', step: 'publish' })
  const manifest = createManifest(assets, config.url.href, digester, importMap)
  const published = mode === 'dry-run' ? 0 : await publishManifest(manifest, storage, output)
  await encoder.close()
  const written = writer.count() + published
  const kind = mode === 'dry-run' ? mode : written === 0 ? ('unchanged' as const) : ('built' as const)
  return { kind, manifest, outputs: tallyOutputs(assets.values()), work: { ...variants.count(), written } }
}

function tallySources({ files }: Collection) {
  let bytes = 0
  for (const { size } of files.values()) bytes += size
  return { files: files.size, bytes }
}
