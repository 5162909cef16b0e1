import type { Digest, Digester } from '../core/digest.ts'
import type { Collection } from '../sources/finder.ts'
import { type Cache, getJson, NO_CACHE, openCache, putJson } from './cache/cache.ts'
import { canEncode, createCompressionRules } from './compress/compression-rule.ts'
import { canMakeDeltas } from './compress/delta.ts'
import { createEagerCompression, type EagerCompression } from './compress/eager.ts'
import { createEncoder, type Encoder } from './compress/encoder.ts'
import { createVariantMaker } from './compress/variant.ts'
import type { BuildContext } from './context.ts'
import { refuseErrors } from './link/explain.ts'
import { createImportMapNames, importUnused } from './link/import-map.ts'
import { linkReferences } from './link/link.ts'
import type { NamedSite } from './publish/assets.ts'
import { createVariantTaker } from './publish/carry-over.ts'
import { resolveCollisions } from './publish/collisions.ts'
import { openPrevious } from './publish/previous.ts'
import { writeBuild } from './publish/write-build.ts'
import { type Bundles, findBundles } from './read/bundles.ts'
import { createAllScanners } from './read/own-scanners.ts'
import { createSourceReader, type SourceReader } from './read/source-reader.ts'
import { fingerprintSources, scanSources } from './read/sources.ts'
import { createTransformingReader, type TransformingReader } from './read/transforming-reader.ts'
import type { BuildReport } from './report.ts'
import { type FinishedMember, nameFiles } from './rewrite/name.ts'
import { createRewrites } from './rewrite/rewrite.ts'

/** The context of one build, and what its caller may replace. */
export interface SiteContext extends BuildContext {
  readonly digester: Digester
  readonly reader?: SourceReader
  readonly encoder?: Encoder
}

/** A finished build, and what is in its output now. */
export interface FinishedBuild {
  readonly report: Omit<BuildReport, 'steps' | 'elapsedMs'>
  readonly manifestBytes: Buffer
  /** Of all files of the output except locks, by key. */
  readonly sizes: ReadonlyMap<string, number>
  /** Absolute paths of files outside the collection that transforms depended on. */
  readonly dependencies: readonly string[]
}

/** Builds from collected sources: read, link, name, compress, write. When it ends, nothing is left running. */
export async function buildSite(collection: Collection, context: SiteContext): Promise<FinishedBuild> {
  const { config, digester } = context
  const bundles = await findBundles(collection, config.prehashed)
  const previous = config.previous === undefined ? undefined : await openPrevious(config.previous, config.cwd)
  const encoder = context.encoder ?? (await createEncoder(config))
  const cache = config.cache === false ? NO_CACHE : openCache({ ...config.cache, digester })
  const reader = createTransformingReader(context.reader ?? createSourceReader(), {
    ...{ config, cache, digester, prehashed: () => bundles.prehashed },
  })
  const rulesFor = createCompressionRules(config)
  const ending = new AbortController()
  const abort = (reason: unknown) => ending.abort(reason)
  const signal = AbortSignal.any([context.signal, ending.signal])
  const take = previous && createVariantTaker(previous, digester)
  const variants = createVariantMaker({ encoder, cache, digester, take, signal })
  const eager = createEagerCompression(variants, rulesFor)
  try {
    const { site, scanned, problems } = await nameSite(collection, {
      ...context,
      reader,
      bundles,
      cache,
      eager,
      signal,
    })
    const compression = { rulesFor, variants, takeBytes: eager.takeBytes }
    const written = await writeBuild(site, { ...context, compression, previous, signal, abort })
    const { kind, manifest, outputs, deltas, manifestBytes, sizes } = written
    const counts = { scanned, read: reader.count(), written: written.written, cache: cache.count() }
    const work = { ...variants.count(), ...counts }
    const { shadowed, skipped } = collection
    const leftOut = listLeftOut(config)
    const sources = { files: collection.files.size, bytes: sumSizes(collection) }
    const out = context.storage.name
    const found = { leftOut, work, problems, shadowed, skipped }
    const report = { kind, out, manifest, sources, outputs, deltas, ...found }
    return { report, manifestBytes, sizes, dependencies: reader.dependencies() }
  } finally {
    abort(new Error('the build has ended'))
    await variants.settle()
    await previous?.close()
    // After a failure as well: the next build finds what was compressed.
    cache.close()
    await encoder.close()
  }
}

function listLeftOut({ encodings, dictionaries }: BuildContext['config']): BuildReport['leftOut'] {
  const deltas = dictionaries === false ? [] : dictionaries.encodings
  return [
    ...encodings.filter((encoding) => !canEncode(encoding)),
    ...deltas.filter((encoding) => !canMakeDeltas(encoding)),
  ]
}

interface NamingTools extends SiteContext {
  readonly reader: TransformingReader
  readonly bundles: Bundles
  readonly cache: Cache
  readonly eager: EagerCompression
}

/** Reads, links and names. The scans of all files are in memory no longer than this call. */
async function nameSite(collection: Collection, tools: NamingTools) {
  const { config, cache, reader, bundles, digester, eager, signal } = tools
  const { files } = collection
  tools.report({ kind: 'step', step: 'scan' })
  const scanners = await createAllScanners(config)
  const reading = { reader, digester, cache, onUnchanged: eager.offer, signal }
  const { scans, fingerprints: known, scanned } = await scanSources(files, scanners, reading)
  const { prehashed, entries, aliases } = bundles
  const linked = linkReferences({ scans, collection, bundles, config })
  const { links, moduleUrls, strips, replacements, problems } = linked
  refuseErrors(problems)
  const packageImports = [...linked.packageImports, ...importUnused(collection)]
  const requests = { moduleUrls, aliases, packageImports }
  const importMap = createImportMapNames({ paths: files.keys(), ...requests, config })
  const fingerprints = await fingerprintSources(files, known, reading)
  const rewrites = createRewrites({ files, links, scans, prehashed, reader, strips, replacements })
  const remembered = {
    find: (key: Digest) => getJson<readonly FinishedMember[]>(cache, `names ${key}`),
    keep: (key: Digest, members: readonly FinishedMember[]) => putJson(cache, `names ${key}`, members),
  }
  const onFinished = eager.offerFinal
  const names = nameFiles({ digester, fingerprints, rewrites, prehashed, remembered, onFinished })
  const brought = resolveCollisions(names)
  const site: NamedSite = { files, links, names, rewrites, brought, importMap, entries }
  return { site, scanned, problems }
}

function sumSizes({ files }: Collection): number {
  let bytes = 0
  for (const { size } of files.values()) bytes += size
  return bytes
}
