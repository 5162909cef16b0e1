import { createBudget, mapConcurrently } from '../../core/concurrent.ts'
import type { Digester } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ManifestAsset, ManifestVariant } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import { type OutputState, promisedFiles } from './output.ts'
import type { PreviousBuild } from './previous.ts'
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
  if (bytes.length === size && digester.of(bytes) === etag)
    return Buffer.from(bytes.buffer, bytes.byteOffset, size)
  throw new FingerpostError('FP_DAMAGED', `${key} of ${previous.name} differs from its manifest.`, {
    remedy: 'Nothing was published. Give --previous a complete build; fingerpost check tells if one is.',
    details: { previous: previous.name, key },
  })
}
