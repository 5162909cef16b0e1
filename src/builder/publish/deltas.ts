import { createBudget, mapConcurrently } from '../../core/concurrent.ts'
import type { Digester, Fingerprint } from '../../core/digest.ts'
import type { DeltaEncoding } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { groupBy } from '../../core/group-by.ts'
import { lazily } from '../../core/lazy.ts'
import { LIMITS } from '../../core/limit.ts'
import {
  chooseMinBytes,
  type Delta,
  type Dictionaries,
  deltaPath,
  isDictionary,
  lastingParts,
} from '../../core/manifest/dictionaries.ts'
import type { History, RetiredAsset } from '../../core/manifest/history.ts'
import { downloadSize, type ManifestAsset, type ManifestVariant } from '../../core/manifest/manifest.ts'
import { comparePaths, type LogicalPath } from '../../core/path.ts'
import type { Storage } from '../../storage/storage.ts'
import { isTrained, sha256 } from '../compress/delta.ts'
import type { Variant, VariantMaker } from '../compress/variant.ts'
import type { DeltaTotals } from '../report.ts'
import type { DictionarySettings } from '../settings/dictionaries.ts'
import { takeVariant } from './carry-over.ts'
import type { PreviousBuild } from './previous.ts'
import type { OutputWriter } from './writer.ts'

/** What making deltas needs. */
export interface DeltaContext {
  /** With the encodings that this runtime has. */
  readonly settings: DictionarySettings
  /** With the build that is being written. */
  readonly history: History
  /** Deltas that the output may have already. */
  readonly known: Dictionaries | undefined
  /** A build from elsewhere, whose deltas need not be made again. */
  readonly previous: PreviousBuild | undefined
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
  /** The ETag of the earlier content. */
  readonly from: string
  /** Undefined if it isn't in the output any more. */
  readonly old: RetiredAsset | undefined
  /** What the output has of the delta. */
  readonly known: Delta | undefined
  /** What the previous build has of it. */
  readonly taken: Delta | undefined
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
  const pairs = findPairs(assets, minBytes, { ...context, taken: await context.previous?.dictionaries() })
  const budget = createBudget(LIMITS.buildMaxInFlightBytes)
  const deltas = await mapConcurrently(pairs, PAIRS_AT_ONCE, (pair) =>
    budget.spend(pair.asset.size + (pair.old?.size ?? 0), async () => {
      context.signal.throwIfAborted()
      return makeDelta(pair, context)
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
    wholeBytes += downloadSize(asset)
  }
  return files === 0 ? undefined : { files, bytes, wholeBytes }
}

/**
 * In order of path, the contents of each asset as {@link listOld} orders them. After them come those that are gone, but
 * have left their delta: browsers may keep them for a year.
 */
function findPairs(
  assets: ReadonlyMap<LogicalPath, ManifestAsset>,
  minBytes: number,
  { history, settings, known, taken }: DeltaContext & { readonly taken: Dictionaries | undefined },
): readonly Pair[] {
  const oldByName = listOld(history, minBytes)
  const knownOf = byTarget(known)
  const takenOf = byTarget(taken)
  return [...assets].flatMap(([path, asset]) => {
    if (!isDictionary(path, asset, minBytes)) return []
    const { file, etag } = asset
    const others = oldByName.get(nameAround(path, file))?.filter((old) => old.etag !== etag) ?? []
    const olds = new Map(others.map((old) => [old.etag, old]))
    const knownDeltas = new Map(knownOf.get(targetOf(file, etag))?.map((delta) => [delta.from, delta]))
    const takenDeltas = new Map(takenOf.get(targetOf(file, etag))?.map((delta) => [delta.from, delta]))
    const from = new Set([...olds.keys(), ...knownDeltas.keys(), ...takenDeltas.keys()])
    const limit = file === path ? LIMITS.deltaGuesses : settings.versions
    return [...from].slice(0, limit).map((each) => ({
      ...{ asset, from: each, old: olds.get(each) },
      ...{ known: knownDeltas.get(each), taken: takenDeltas.get(each) },
    }))
  })
}

function byTarget(dictionaries: Dictionaries | undefined): ReadonlyMap<string, readonly Delta[]> {
  return groupBy(dictionaries?.deltas ?? [], ({ file, to }) => targetOf(file, to))
}

function targetOf(file: string, etag: string): string {
  return `${file} ${etag}`
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
  return lastingParts(path, file)?.join('\0') ?? ''
}

/** Undefined if none of its encodings is worth a file, or the earlier content can't be read. */
async function makeDelta(pair: Pair, context: DeltaContext): Promise<Delta | undefined> {
  const { asset, from, known, taken } = pair
  const whole = downloadSize(asset)
  const maxBytes = Math.min(whole * LIMITS.deltaMaxRatio, whole - LIMITS.deltaMinSavedBytes)
  const place = { file: asset.file, to: asset.etag, from }
  const readOld = lazily(() => readChecked(context.storage, pair.old, context.digester))
  const encodings: Partial<Record<DeltaEncoding, ManifestVariant>> = {}
  for (const encoding of context.settings.encodings) {
    const key = deltaPath(place, encoding)
    const there = known?.encodings[encoding]
    if (there !== undefined && there.size <= maxBytes && context.isThere(key, there.size)) {
      encodings[encoding] = there
      continue
    }
    const made =
      (await takeDelta(pair, { encoding, maxBytes, key }, context)) ??
      (await encodeDelta(pair, { encoding, maxBytes, readOld }, context))
    if (made === undefined) continue
    await context.writer.write(key, made, made.bytes)
    encodings[encoding] = { size: made.size, etag: made.etag }
  }
  if (Object.keys(encodings).length === 0) return undefined
  const dictionary = known?.dictionary ?? taken?.dictionary ?? sha256(await readOld()).toString('base64')
  return { ...place, dictionary, encodings }
}

async function takeDelta(
  { asset: { file }, taken }: Pair,
  wanted: { readonly encoding: DeltaEncoding; readonly maxBytes: number; readonly key: string },
  { previous, digester }: DeltaContext,
): Promise<Variant | undefined> {
  const { encoding, maxBytes, key } = wanted
  const promised = taken?.encodings[encoding]
  if (previous === undefined || taken === undefined || promised === undefined) return undefined
  if (promised.size > maxBytes) return undefined
  const { dictionary } = taken
  const bytes = await takeVariant(previous, { file, key, encoding, dictionary, promised }, digester)
  return bytes && { ...promised, bytes: async () => bytes }
}

/** An earlier content may be damaged, or removed by hand: then there is no delta. */
async function encodeDelta(
  { asset, old }: Pair,
  wanted: {
    readonly encoding: DeltaEncoding
    readonly maxBytes: number
    readonly readOld: () => Promise<Buffer>
  },
  { variants, storage, digester }: DeltaContext,
): Promise<Variant | undefined> {
  const { encoding, maxBytes, readOld } = wanted
  if (old === undefined) return undefined
  try {
    if (encoding === 'dcz' && isTrained(await readOld())) return undefined
    const rule = { encoding, maxBytes, dictionary: { ...fingerprintIn(old), bytes: readOld } }
    return await variants.make(fingerprintIn(asset), rule, () => readChecked(storage, asset, digester))
  } catch (error) {
    if (error instanceof FingerpostError && (error.code === 'FP_NOT_FOUND' || error.code === 'FP_DAMAGED'))
      return undefined
    throw error
  }
}

function fingerprintIn({ etag, integrity, size }: RetiredAsset | ManifestAsset): Fingerprint {
  return { digest: etag, integrity, size }
}

async function readChecked(
  storage: Storage,
  wanted: Pick<ManifestAsset, 'file' | 'etag'> | undefined,
  digester: Digester,
): Promise<Buffer> {
  const bytes = wanted && (await storage.read(wanted.file))
  if (bytes !== undefined && digester.of(bytes) === wanted?.etag) return bytes
  throw new FingerpostError('FP_DAMAGED', `${wanted?.file} in ${storage.name} differs from its manifest.`)
}
