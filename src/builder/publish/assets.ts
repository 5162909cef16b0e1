import { createBudget, mapConcurrently } from '../../core/concurrent.ts'
import type { Digester, Fingerprint } from '../../core/digest.ts'
import { variantPath } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { groupBy } from '../../core/group-by.ts'
import { LIMITS } from '../../core/limit.ts'
import type { BundleEntries, ManifestAsset } from '../../core/manifest/manifest.ts'
import { mediaType } from '../../core/media-type.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { SourceFile } from '../../sources/finder.ts'
import type { CompressionRule, RulesFor } from '../compress/compression-rule.ts'
import type { Encodings, Variant, VariantMaker } from '../compress/variant.ts'
import type { ImportMapParts } from '../link/import-map.ts'
import { type Links, referencesOf } from '../link/link.ts'
import { type Name, nameIn, targetIn } from '../rewrite/name.ts'
import type { Rewrites } from '../rewrite/rewrite.ts'
import type { OutputWriter } from './writer.ts'

/** A site whose files all have their names, before anything is written. */
export interface NamedSite {
  /** In order of path, as are `names`. */
  readonly files: ReadonlyMap<LogicalPath, SourceFile>
  readonly names: ReadonlyMap<LogicalPath, Name>
  readonly links: Links['links']
  readonly rewrites: Rewrites
  /** Precompressed files that the sources bring, which must not be made. */
  readonly brought: ReadonlySet<string>
  readonly importMap: ImportMapParts
  readonly entries: BundleEntries
}

/** How files are compressed. */
export interface Compression {
  readonly rulesFor: RulesFor
  readonly variants: VariantMaker
  /** Bytes that are in memory already. */
  readonly takeBytes: (fingerprint: Fingerprint) => Buffer | undefined
}

/** What making assets needs. */
export interface AssetContext {
  readonly digester: Digester
  readonly compression: Compression
  readonly writer: OutputWriter
  readonly signal: AbortSignal
  /** Called with the first failure: what waits for a core must not start. */
  readonly abort: (reason: unknown) => void
  /** Called after each asset. */
  readonly onDone: (file: SourceFile) => void
}

/** Files under way at once. Most wait for the disk to confirm a write, which confirms many as fast as one. */
const FILES_AT_ONCE = 32

/**
 * Makes every asset, its bytes and variants, and writes what the output lacks. The largest go first, so that no core is
 * idle while a last large file is compressed. Files with the same content go together, so that it is compressed once.
 * Memory is bounded by a budget of bytes.
 *
 * @returns in order of path
 */
export async function makeAssets(
  site: NamedSite,
  context: AssetContext,
): Promise<ReadonlyMap<LogicalPath, ManifestAsset>> {
  const assets = new Map<LogicalPath, ManifestAsset | undefined>()
  const missing: NamedFile[] = []
  for (const file of site.files.values()) {
    const named = { file, name: nameIn(site.names, file.path) }
    const encodings = recallEncodings(named, site, context)
    // Entered even if it has to be made: a map keeps the order of first insertion.
    assets.set(file.path, encodings && describeAsset(named, encodings, site))
    if (encodings === undefined) missing.push(named)
    else context.onDone(file)
  }
  const budget = createBudget(LIMITS.buildMaxInFlightBytes)
  await mapConcurrently(groupByContent(missing), FILES_AT_ONCE, (twins) =>
    budget.spend(sizeOf(twins), async () => {
      context.signal.throwIfAborted()
      const makeVariant = createTwinCompressor(twins, site, context)
      for (const twin of twins) {
        assets.set(twin.file.path, await makeAsset(twin, makeVariant, site, context))
        context.onDone(twin.file)
      }
    }),
  )
  return assets as ReadonlyMap<LogicalPath, ManifestAsset>
}

interface NamedFile {
  readonly file: SourceFile
  readonly name: Name
}

/** The variants of an asset of which the output has everything; undefined otherwise. */
function recallEncodings(
  { file: { path }, name: { file, fingerprint } }: NamedFile,
  { brought }: NamedSite,
  { writer, compression }: AssetContext,
): Encodings | undefined {
  const { digest: etag, size } = fingerprint
  if (!writer.has(file, { size, etag })) return undefined
  const rules = compression.rulesFor(path).filter(({ encoding }) => !brought.has(variantPath(file, encoding)))
  return compression.variants.recall(fingerprint, rules, (encoding, known) =>
    writer.has(variantPath(file, encoding), known),
  )
}

/** Files with the same final bytes, the largest first. */
function groupByContent(files: readonly NamedFile[]): readonly (readonly NamedFile[])[] {
  const groups = groupBy(files, ({ name }) => name.fingerprint.integrity)
  return [...groups.values()].sort((a, b) => sizeOf(b) - sizeOf(a))
}

function sizeOf([first]: readonly NamedFile[]): number {
  return first?.name.fingerprint.size ?? 0
}

/** The bytes and variants of one content, each made once, on demand. */
interface TwinCompressor {
  readonly bytes: () => Promise<Buffer>
  readonly variant: (rule: CompressionRule) => Promise<Variant | undefined>
}

function createTwinCompressor(
  [first]: readonly NamedFile[],
  site: NamedSite,
  context: AssetContext,
): TwinCompressor {
  if (first === undefined) throw new RangeError('no files')
  const bytes = once(async () => readFinalBytes(first, site, context))
  const variants = new Map<string, () => Promise<Variant | undefined>>()
  return {
    bytes,
    variant(rule) {
      const key = `${rule.encoding} ${rule.quality}`
      const make =
        variants.get(key) ??
        once(() => context.compression.variants.make(first.name.fingerprint, rule, bytes))
      variants.set(key, make)
      return make()
    },
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

async function makeAsset(
  { file, name }: NamedFile,
  { bytes, variant }: TwinCompressor,
  site: NamedSite,
  { writer, compression, abort }: AssetContext,
): Promise<ManifestAsset> {
  const { digest: etag, size } = name.fingerprint
  const writeIdentity = async () => {
    await writer.write(name.file, { size, etag }, bytes)
    return []
  }
  const writeVariant = async (rule: CompressionRule) => {
    const key = variantPath(name.file, rule.encoding)
    const made = site.brought.has(key) ? undefined : await variant(rule)
    if (made === undefined) return []
    const promised = { size: made.size, etag: made.etag }
    await writer.write(key, promised, made.bytes)
    return [[rule.encoding, promised]] as const
  }
  // All at once: the variants wait for a core while the file itself is written.
  const jobs = [writeIdentity, ...compression.rulesFor(file.path).map((rule) => () => writeVariant(rule))]
  const made = await mapConcurrently(jobs, jobs.length, (job) =>
    job().catch((error: unknown) => {
      abort(error)
      throw error
    }),
  )
  return describeAsset({ file, name }, Object.fromEntries(made.flat()), site)
}

function describeAsset(
  { file: { path }, name }: NamedFile,
  encodings: Encodings,
  site: NamedSite,
): ManifestAsset {
  const { digest: etag, integrity, size } = name.fingerprint
  const references = referencesOf(site.links.get(path) ?? [])
  return { file: name.file, type: mediaType(path), size, etag, integrity, encodings, references }
}

/** Checked once more: no edit may come between naming and writing. */
function readFinalBytes({ file, name }: NamedFile, site: NamedSite, context: AssetContext): Buffer {
  const held = context.compression.takeBytes(name.fingerprint)
  if (held !== undefined) return held
  const bytes = site.rewrites.finish(file.path, (target) => targetIn(site.names, target))
  if (context.digester.of(bytes) === name.fingerprint.digest) return bytes
  throw new FingerpostError('FP_CHANGED', `${file.absolutePath} changed during the build.`, {
    remedy: 'Nothing was published. Build again; if this happens again, build with --no-cache.',
    details: { path: file.path, file: file.absolutePath },
  })
}
