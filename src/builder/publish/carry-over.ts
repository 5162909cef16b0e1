import { createBudget, mapConcurrently } from '../../core/concurrent.ts'
import type { Digester, Fingerprint } from '../../core/digest.ts'
import { variantPath } from '../../core/encoding.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ManifestAsset, ManifestVariant } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { CompressionRule } from '../compress/compression-rule.ts'
import { type OutputState, promisedFiles } from './output.ts'
import type { PreviousBuild } from './previous.ts'
import type { PreviousVariant } from './variant-downloads.ts'
import type { OutputWriter } from './writer.ts'

/** The input of {@link carryOver}. */
export interface CarryOverContext {
  readonly previous: PreviousBuild
  readonly output: OutputState
  /** Hashed paths of the new build, which makes these files itself. */
  readonly coming: ReadonlySet<string>
  readonly writer: OutputWriter
  readonly digester: Digester
  readonly signal: AbortSignal
}

/**
 * Adds the files of a previous build that neither the output nor the new build has, so that pages of the last deploy
 * still find them. Each is checked against its manifest.
 *
 * @throws FingerpostError `FP_DAMAGED` for a file that differs from its manifest
 */
export async function carryOver(context: CarryOverContext): Promise<void> {
  const { previous, output, coming, writer, signal } = context
  const budget = createBudget(LIMITS.buildMaxInFlightBytes)
  const assets = new Map<LogicalPath, ManifestAsset>()
  for (const [path, asset] of previous.manifest.assets) if (!coming.has(asset.file)) assets.set(path, asset)
  const files = [...promisedFiles({ ...previous.manifest, assets })]
  const absent = files.filter(([key]) => output.sizes.get(key) === undefined)
  await mapConcurrently(absent, LIMITS.previousConcurrency, ([key, promised]) =>
    budget.spend(promised.size, async () => {
      signal.throwIfAborted()
      await writer.write(key, promised, () => readChecked(key, promised, context))
    }),
  )
}

async function readChecked(
  key: string,
  { size, etag }: ManifestVariant,
  { previous, digester }: CarryOverContext,
): Promise<Buffer> {
  const bytes = await previous.read(key, size)
  if (bytes.length === size && digester.of(bytes) === etag) return bytes
  throw new FingerpostError('FP_DAMAGED', `${key} of ${previous.name} differs from its manifest.`, {
    remedy: 'Nothing was published. Give --previous a complete build; fingerpost check tells if one is.',
    details: { previous: previous.name, key },
  })
}

/**
 * A variant of the previous build, checked by size and digest. Undefined if it differs or can't be read: then it is made.
 */
export async function takeVariant(
  previous: PreviousBuild,
  variant: PreviousVariant,
  digester: Digester,
): Promise<Buffer | undefined> {
  try {
    const bytes = await previous.readVariant(variant)
    const { size, etag } = variant.promised
    return bytes.length === size && digester.of(bytes) === etag ? bytes : undefined
  } catch (error) {
    if (error instanceof FingerpostError) return undefined
    throw error
  }
}

/** Looks for precompressed files of a previous build by the content of their file. */
export function createVariantTaker(previous: PreviousBuild, digester: Digester) {
  const byContent = new Map(Array.from(previous.assets.values(), (asset) => [asset.integrity, asset]))
  return async ({ integrity }: Fingerprint, { encoding }: CompressionRule): Promise<Buffer | undefined> => {
    const asset = byContent.get(integrity)
    const promised = asset?.encodings[encoding]
    if (asset === undefined || promised === undefined) return undefined
    const key = variantPath(asset.file, encoding)
    return takeVariant(previous, { file: asset.file, key, encoding, promised }, digester)
  }
}
