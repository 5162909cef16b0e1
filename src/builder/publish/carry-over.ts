import { mapConcurrently } from '../../core/concurrent.ts'
import type { Digester } from '../../core/digest.ts'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ManifestAsset, ManifestVariant } from '../../core/manifest/manifest.ts'
import type { LogicalPath } from '../../core/path.ts'
import { createBudget } from '../compress/budget.ts'
import { type Output, promisedFiles } from './output.ts'
import type { PreviousBuild } from './previous.ts'
import type { OutputWriter } from './writer.ts'

/** What {@link carryForward} works with. */
export interface CarryContext {
  readonly previous: PreviousBuild
  readonly output: Output
  /** Hashed paths of the build that is coming: it makes these files itself. */
  readonly coming: ReadonlySet<string>
  readonly writer: OutputWriter
  readonly digester: Digester
  readonly signal: AbortSignal
}

/**
 * Writes the files of a previous build that neither the output has nor the coming build makes, so that pages of the
 * last deploy still find them. Each is checked against its manifest.
 *
 * @throws FingerpostError `FP_DAMAGED` for a file that isn't what its manifest promises
 */
export async function carryForward(context: CarryContext): Promise<void> {
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
  { previous, digester }: CarryContext,
): Promise<Buffer> {
  const bytes = await previous.read(key, size)
  if (bytes.length === size && digester.of(bytes) === etag)
    return Buffer.from(bytes.buffer, bytes.byteOffset, size)
  throw new FingerpostError('FP_DAMAGED', `${key} of ${previous.name} isn't what its manifest promises.`, {
    remedy: 'Nothing was published. Take a whole build as --previous; fingerpost check tells whether one is.',
    details: { previous: previous.name, key },
  })
}
