import { createDigester } from '../core/digest.ts'
import { createShortcut } from './cache/shortcut.ts'
import type { Workshop } from './context.ts'
import { type BuildEnvironment, surroundingsOf } from './environment.ts'
import type { FinishedBuild } from './pipeline.ts'
import { saveNameTypes } from './publish/name-types.ts'
import type { PreviousBuild } from './publish/previous.ts'
import { collectSources } from './read/find-sources.ts'
import type { BuildReport } from './report.ts'
import { type BuildConfig, type BuildOptions, parseBuildOptions } from './settings/options.ts'

/**
 * Builds: collects the sources, gives every file the name its content demands, rewrites what refers to it, compresses,
 * and publishes the whole at once. Where nothing has changed it says so, and has read nothing but directories.
 *
 * @throws FingerpostError whatever is wrong with options, sources, references or the output; nothing is published then
 */
export async function build(options: BuildOptions, environment: BuildEnvironment = {}): Promise<BuildReport> {
  const started = performance.now()
  const config = parseBuildOptions(options, environment.cwd ?? process.cwd())
  const digester = await createDigester()
  const surroundings = surroundingsOf(environment, config)
  const { storage, mode, report: tell } = surroundings
  const isPlain = mode === 'publish' && config.previous === undefined
  const shortcut = isPlain ? createShortcut({ config, storage, digester }) : undefined
  tell({ kind: 'step', step: 'collect' })
  const collection = await collectSources(config)
  if (mode === 'publish' && config.types !== undefined)
    await saveNameTypes(config.types, collection.files.keys())
  const recalled = await shortcut?.recall(collection)
  const elapsedMs = () => Math.round(performance.now() - started)
  if (recalled !== undefined) {
    const { readManifest, ...report } = recalled
    return withLazyManifest({ ...report, elapsedMs: elapsedMs() }, readManifest)
  }
  const site = { collection, config, surroundings, digester }
  const { report, manifestBytes, sizes } = await buildChanged(site)
  shortcut?.keep(collection, report, manifestBytes, sizes)
  return { ...report, elapsedMs: elapsedMs() }
}

/** Everything a build needs beyond looking is loaded here, when something has changed. */
async function buildChanged(
  site: Pick<Workshop, 'collection' | 'config' | 'surroundings' | 'digester'>,
): Promise<FinishedBuild> {
  const { config, digester } = site
  const [{ createEncoder }, { createNoCache }, { openFolderCache }, { runBuild }, { createSourceReader }] =
    await Promise.all([
      import('./compress/encoder.ts'),
      import('./cache/cache.ts'),
      import('./cache/cache-folder.ts'),
      import('./pipeline.ts'),
      import('./read/source-reader.ts'),
    ])
  const previous = await openPreviousOf(config)
  const encoder = await createEncoder(config)
  const cache = config.cache === false ? createNoCache() : openFolderCache({ ...config.cache, digester })
  const reader = createSourceReader()
  const workshop = { ...site, cache, encoder, reader, previous }
  try {
    return await runBuild(workshop)
  } finally {
    await previous?.close()
    // Kept after a failure too: what was encoded need not be encoded again.
    await cache.close()
    await encoder.close()
  }
}

async function openPreviousOf({ previous, cwd }: BuildConfig): Promise<PreviousBuild | undefined> {
  if (previous === undefined) return undefined
  const { openPrevious } = await import('./publish/previous.ts')
  return openPrevious(previous, cwd)
}

function withLazyManifest(
  report: Omit<BuildReport, 'manifest'>,
  readManifest: () => BuildReport['manifest'],
): BuildReport {
  let manifest: BuildReport['manifest'] | undefined
  return Object.defineProperty(report, 'manifest', {
    enumerable: true,
    get: () => {
      manifest ??= readManifest()
      return manifest
    },
  }) as BuildReport
}
