import { createBudget, mapConcurrently } from '../../core/concurrent.ts'
import type { Digester, Fingerprint } from '../../core/digest.ts'
import { DELTA_ENCODINGS, type DeltaEncoding } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { groupBy } from '../../core/group-by.ts'
import { lazily } from '../../core/lazy.ts'
import { LIMITS } from '../../core/limit.ts'
import {
  chooseMinBytes,
  type Delta,
  type Dictionaries,
  deltaPath,
  findHash,
  isDictionary,
} from '../../core/manifest/dictionaries.ts'
import type { History, RetiredAsset } from '../../core/manifest/history.ts'
import type { ManifestAsset, ManifestVariant } from '../../core/manifest/manifest.ts'
import { comparePaths, type LogicalPath } from '../../core/path.ts'
import type { Storage } from '../../storage/storage.ts'
import { isTrained, sha256 } from '../compress/delta.ts'
import type { VariantMaker } from '../compress/variant.ts'
import type { DeltaTotals } from '../report.ts'
import type { DictionarySettings } from '../settings/options.ts'
import type { OutputWriter } from './writer.ts'

/** What making deltas needs. */
export interface DeltaContext {
  /** With the encodings that this runtime has. */
  readonly settings: DictionarySettings
  /** With the build that is being written. */
  readonly history: History
  /** Deltas that the output may have already. */
  readonly known: Dictionaries | undefined
  /** Whether the output has a file of this size. */
  readonly isThere: (key: string, size: number) => boolean
  readonly storage: Storage
  readonly writer: OutputWriter
  readonly variants: VariantMaker
  readonly digester: Digester
  readonly signal: AbortSignal
}

/** An asset and an earlier content of it. */
interface Pair {
  readonly asset: ManifestAsset
  readonly old: RetiredAsset
}

/** Deltas on their way: most of them wait for a core. */
const PAIRS_AT_ONCE = 8

/**
 * Makes the deltas of a build whose files are in the output, against contents of the same files that are there too, and
 * writes those that are worth it.
 */
export async function makeDeltas(
  assets: ReadonlyMap<LogicalPath, ManifestAsset>,
  context: DeltaContext,
): Promise<Dictionaries> {
  const minBytes = chooseMinBytes(assets, context.settings)
  const pairs = findPairs(assets, minBytes, context)
  const budget = createBudget(LIMITS.buildMaxInFlightBytes)
  const known = new Map(context.known?.deltas.map((delta) => [deltaKey(delta.file, delta.from), delta]))
  const deltas = await mapConcurrently(pairs, PAIRS_AT_ONCE, (pair) =>
    budget.spend(pair.asset.size + pair.old.size, async () => {
      context.signal.throwIfAborted()
      return makeDelta(pair, known.get(deltaKey(pair.asset.file, pair.old.etag)), context)
    }),
  )
  return { minBytes, deltas: deltas.filter((delta) => delta !== undefined) }
}

/** What a browser with the latest earlier contents downloads; undefined without deltas. */
export function sumDeltas(
  assets: ReadonlyMap<LogicalPath, ManifestAsset>,
  { deltas }: Dictionaries,
): DeltaTotals | undefined {
  const first = new Map<string, number>()
  for (const { file, encodings } of deltas) {
    const sizes = Object.values(encodings).map(({ size }) => size)
    if (!first.has(file)) first.set(file, Math.min(...sizes))
  }
  let [files, bytes, wholeBytes] = [0, 0, 0]
  for (const asset of assets.values()) {
    const size = first.get(asset.file)
    if (size === undefined) continue
    files++
    bytes += size
    wholeBytes += smallestOf(asset)
  }
  return files === 0 ? undefined : { files, bytes, wholeBytes }
}

function deltaKey(file: string, from: string): string {
  return `${file} ${from}`
}

function smallestOf({ size, encodings }: ManifestAsset): number {
  return Math.min(size, ...Object.values(encodings).map((variant) => variant.size))
}

/** In order of path, the contents of each asset as {@link listOld} orders them. */
function findPairs(
  assets: ReadonlyMap<LogicalPath, ManifestAsset>,
  minBytes: number,
  { history, settings }: DeltaContext,
): readonly Pair[] {
  const oldByName = listOld(history, minBytes)
  return [...assets].flatMap(([path, asset]) => {
    if (!isDictionary(path, asset, minBytes)) return []
    const others =
      oldByName.get(nameAround(path, asset.file))?.filter(({ etag }) => etag !== asset.etag) ?? []
    const limit = asset.file === path ? LIMITS.deltaGuesses : settings.versions
    const distinct = [...new Map(others.map((old) => [old.etag, old])).values()]
    return distinct.slice(0, limit).map((old) => ({ asset, old }))
  })
}

/** Earlier contents by what they have in common with their successors, the last replaced first. */
function listOld(
  { builds, retired }: History,
  minBytes: number,
): ReadonlyMap<string, readonly RetiredAsset[]> {
  const replacedIn = new Map<string, number>()
  builds.forEach(({ removed }, index) => {
    for (const file of removed) replacedIn.set(file, index)
  })
  const age = ({ file }: RetiredAsset) => replacedIn.get(file) ?? builds.length
  const fitting = [...retired.values()].filter(
    ({ size }) => size >= minBytes && size <= LIMITS.dictionaryMaxBytes,
  )
  fitting.sort((a, b) => age(b) - age(a) || comparePaths(a.file, b.file))
  return groupBy(fitting, ({ path, file }) => nameAround(path, file))
}

function nameAround(path: LogicalPath, file: string): string {
  const around = findHash(path, file)
  return around === undefined ? '' : `${around.before}\0${around.after}`
}

/** Undefined if none of its encodings is worth a file, or the earlier content can't be read. */
async function makeDelta(
  { asset, old }: Pair,
  known: Delta | undefined,
  context: DeltaContext,
): Promise<Delta | undefined> {
  const { settings, storage, digester } = context
  const whole = smallestOf(asset)
  const maxBytes = Math.min(whole * LIMITS.deltaMaxRatio, whole - LIMITS.deltaMinSavedBytes)
  const place = { file: asset.file, from: old.etag }
  const readOld = lazily(() => readChecked(storage, old, digester))
  const encodings: Partial<Record<DeltaEncoding, ManifestVariant>> = {}
  for (const encoding of DELTA_ENCODINGS) {
    if (!settings.encodings.includes(encoding)) continue
    const there = known?.encodings[encoding]
    if (
      there !== undefined &&
      there.size <= maxBytes &&
      context.isThere(deltaPath(place, encoding), there.size)
    ) {
      encodings[encoding] = there
      continue
    }
    const dictionary = { ...fingerprintIn(old), bytes: readOld }
    const made = await tolerateMissing(async () => {
      if (encoding === 'dcz' && isTrained(await readOld())) return undefined
      const rule = { encoding, dictionary, maxBytes }
      return context.variants.make(fingerprintIn(asset), rule, () => readChecked(storage, asset, digester))
    })
    if (made === undefined) continue
    await context.writer.write(deltaPath(place, encoding), made, made.bytes)
    encodings[encoding] = { size: made.size, etag: made.etag }
  }
  if (Object.keys(encodings).length === 0) return undefined
  return { ...place, dictionary: known?.dictionary ?? sha256(await readOld()).toString('base64'), encodings }
}

function fingerprintIn({ etag, integrity, size }: RetiredAsset | ManifestAsset): Fingerprint {
  return { digest: etag, integrity, size }
}

async function readChecked(
  storage: Storage,
  { file, etag }: Pick<ManifestAsset, 'file' | 'etag'>,
  digester: Digester,
): Promise<Buffer> {
  const bytes = await storage.read(file)
  if (digester.of(bytes) === etag) return bytes
  throw new FingerpostError('FP_DAMAGED', `${file} in ${storage.name} differs from its manifest.`)
}

/** An earlier content may be damaged, or removed by hand: then there is no delta. */
async function tolerateMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FingerpostError && (error.code === 'FP_NOT_FOUND' || error.code === 'FP_DAMAGED'))
      return undefined
    throw error
  }
}
