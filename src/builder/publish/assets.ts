import { mapConcurrently } from '../../core/concurrent.ts'
import type { Digester } from '../../core/digest.ts'
import { type VariantEncoding, variantPath } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ManifestAsset, ManifestVariant } from '../../core/manifest/manifest.ts'
import { mediaType } from '../../core/media-type.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { SourceFile } from '../../sources/finder.ts'
import { createBudget } from '../compress/budget.ts'
import type { RecipesFor } from '../compress/compression-rule.ts'
import type { HeadStart } from '../compress/eager.ts'
import type { Recipe } from '../compress/encoder.ts'
import type { Encodings, Variant, VariantMaker } from '../compress/variant.ts'
import { collectGarbage } from '../garbage.ts'
import { type Link, referencesOf } from '../link/link.ts'
import type { SourceReader } from '../read/source-reader.ts'
import { type Name, nameIn } from '../rewrite/name.ts'
import { type Drafts, finishDraft } from '../rewrite/rewrite.ts'
import type { OutputWriter } from './writer.ts'

/** What making assets needs. */
export interface AssetContext {
  readonly files: ReadonlyMap<LogicalPath, SourceFile>
  readonly names: ReadonlyMap<LogicalPath, Name>
  readonly links: ReadonlyMap<LogicalPath, readonly Link[]>
  readonly digester: Digester
  readonly reader: SourceReader
  readonly drafts: Drafts
  readonly recipesFor: RecipesFor
  /** Siblings that are not to be made because a source brings them. */
  readonly brought: ReadonlySet<string>
  readonly variants: VariantMaker
  readonly headStart: HeadStart
  readonly writer: OutputWriter
  /** Aborted with the first failure: whoever still waits for a turn must not begin. */
  readonly ending: AbortController
  readonly signal: AbortSignal
  /** Called after each asset with its source. */
  readonly onDone: (file: SourceFile) => void
}

/**
 * Makes every asset: its bytes and its siblings, written unless the output has them. Largest first, so that no core
 * is idle while a last big file is being compressed; files of the same content together, so that it is compressed
 * once. What is in memory at any time is bounded in bytes.
 */
export async function makeAssets(context: AssetContext): Promise<ReadonlyMap<LogicalPath, ManifestAsset>> {
  const { signal } = context
  const budget = createBudget(LIMITS.buildMaxInFlightBytes)
  const { assets, rest } = recallAssets(context)
  let begun = 0
  await mapConcurrently(groupByContent(rest), FILES_AT_ONCE, (twins) => {
    if (++begun % CONTENTS_PER_COLLECTION === 0) collectGarbage()
    const [first] = twins
    const work = async () => {
      signal.throwIfAborted()
      for (const [path, asset] of await makeTwins(twins, context)) assets.set(path, asset)
    }
    return budget.spend(first?.name.fingerprint.size ?? 0, work)
  })
  if (begun >= CONTENTS_PER_COLLECTION) collectGarbage()
  return inOrderOf(context.files, assets)
}

function inOrderOf<T>(
  files: ReadonlyMap<LogicalPath, unknown>,
  assets: ReadonlyMap<LogicalPath, T>,
): ReadonlyMap<LogicalPath, T> {
  const ordered = new Map<LogicalPath, T>()
  for (const path of files.keys()) {
    const asset = assets.get(path)
    if (asset !== undefined) ordered.set(path, asset)
  }
  return ordered
}

/** Assets of which everything is there already, and the files of which something has to be made. */
function recallAssets(context: AssetContext) {
  const assets = new Map<LogicalPath, ManifestAsset>()
  const rest: NamedFile[] = []
  for (const file of context.files.values()) {
    const name = nameIn(context.names, file.path)
    const asset = recallAsset({ file, name }, context)
    if (asset === undefined) rest.push({ file, name })
    else {
      assets.set(file.path, asset)
      context.onDone(file)
    }
  }
  return { assets, rest }
}

function recallAsset({ file, name }: NamedFile, context: AssetContext): ManifestAsset | undefined {
  const { writer, variants, recipesFor, brought } = context
  const { digest: etag, size } = name.fingerprint
  const place = (encoding: VariantEncoding) => ({ path: file.path, file: name.file, encoding })
  if (!writer.has(place('identity'), { size, etag })) return undefined
  const recipes = recipesFor(file.path).filter(
    ({ encoding }) => !brought.has(variantPath(name.file, encoding)),
  )
  const isThere = ({ encoding }: Recipe, known: ManifestVariant) => writer.has(place(encoding), known)
  const encodings = variants.recall(name.fingerprint, recipes, isThere)
  return encodings && describeAsset({ file, name }, encodings, context)
}

/**
 * Far more than are compressed at once: most wait for the disk to confirm a write, and it confirms many together as
 * fast as one.
 */
const FILES_AT_ONCE = 32

/**
 * Each file made leaves some kilobytes of garbage, and V8 lets it grow to as much again as what is in use. Collected
 * now and then, while the encoders have enough to do, it stays 50 MB less at 50,000 files, in 1 % more time.
 */
const CONTENTS_PER_COLLECTION = 8_000

interface NamedFile {
  readonly file: SourceFile
  readonly name: Name
}

type MadeAsset = readonly [LogicalPath, ManifestAsset]

/** Files with the same final bytes; the groups by size, largest first. */
function groupByContent(files: readonly NamedFile[]): readonly (readonly NamedFile[])[] {
  const groups = new Map<string, NamedFile[]>()
  for (const file of files) {
    const { integrity } = file.name.fingerprint
    const twins = groups.get(integrity)
    if (twins === undefined) groups.set(integrity, [file])
    else twins.push(file)
  }
  const sizeOf = (twins: readonly NamedFile[]) => twins[0]?.name.fingerprint.size ?? 0
  return [...groups.values()].sort((a, b) => sizeOf(b) - sizeOf(a))
}

async function makeTwins(twins: readonly NamedFile[], context: AssetContext): Promise<readonly MadeAsset[]> {
  const bytes = rememberOnce(() => finalBytes(twins, context))
  const siblings = new Map<string, Promise<Variant | undefined>>()
  const siblingOf = (recipe: Recipe, { fingerprint }: Name) => {
    const key = `${recipe.encoding} ${recipe.quality}`
    const sibling = siblings.get(key) ?? context.variants.make(fingerprint, recipe, bytes)
    siblings.set(key, sibling)
    return sibling
  }
  const made: MadeAsset[] = []
  for (const twin of twins) {
    made.push([twin.file.path, await makeAsset(twin, bytes, siblingOf, context)])
    context.onDone(twin.file)
  }
  return made
}

async function makeAsset(
  { file, name }: NamedFile,
  bytes: () => Promise<Buffer>,
  siblingOf: (recipe: Recipe, name: Name) => Promise<Variant | undefined>,
  context: AssetContext,
): Promise<ManifestAsset> {
  const { writer, recipesFor, brought, ending } = context
  const { digest: etag, size } = name.fingerprint
  const writeSibling = async (recipe: Recipe) => {
    const key = variantPath(name.file, recipe.encoding)
    const sibling = brought.has(key) ? undefined : await siblingOf(recipe, name)
    if (sibling === undefined) return []
    const variant = { size: sibling.size, etag: sibling.etag }
    await writer.write(key, variant, sibling.bytes)
    return [[recipe.encoding, variant]] as const
  }
  const writeIdentity = async () => {
    await writer.write(name.file, { size, etag }, bytes)
    return []
  }
  // All at once: the siblings wait for a core while the file itself is on its way to the disk.
  const jobs = [writeIdentity, ...recipesFor(file.path).map((recipe) => () => writeSibling(recipe))]
  const made = await mapConcurrently(jobs, jobs.length, (job) =>
    job().catch((error: unknown) => {
      ending.abort(error)
      throw error
    }),
  )
  return describeAsset({ file, name }, Object.fromEntries(made.flat()), context)
}

function describeAsset(
  { file: { path }, name }: NamedFile,
  encodings: Encodings,
  { links }: AssetContext,
): ManifestAsset {
  const { digest: etag, integrity, size } = name.fingerprint
  const references = referencesOf(links.get(path) ?? [])
  return { file: name.file, type: mediaType(path), size, etag, integrity, encodings, references }
}

/** The bytes that leave under the files' names, checked once more: no edit may slip in between naming and writing. */
async function finalBytes([first]: readonly NamedFile[], context: AssetContext): Promise<Buffer> {
  if (first === undefined) throw new RangeError('nothing to read')
  const { names, reader, drafts, digester, headStart } = context
  const { file, name } = first
  const held = headStart.takeBytes(name.fingerprint)
  if (held !== undefined) return held
  const bytes = drafts.has(file.path)
    ? finishDraft(drafts.read(file.path), (target) => names.get(target)?.digest ?? '')
    : await reader.read(file)
  if (digester.of(bytes) === name.fingerprint.digest) return bytes
  throw new FingerpostError('FP_CHANGED', `${file.absolutePath} changed while it was being built.`, {
    remedy: 'Nothing was published. Build again; if this stays, build with --no-cache.',
    details: { path: file.path, file: file.absolutePath },
  })
}

function rememberOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
