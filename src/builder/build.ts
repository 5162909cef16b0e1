import { createDigester, type Digester } from '../core/digest.ts'
import { FingerpostError } from '../core/error.ts'
import { collect } from '../sources/collect.ts'
import type { Collection } from '../sources/finder.ts'
import { createFolderFinder } from '../sources/folder-finder.ts'
import { locateSources } from '../sources/source.ts'
import { type BuildContext, type BuildEnvironment, createBuildContext } from './context.ts'
import { keepLastWork } from './last-work.ts'
import { saveNameTypes } from './publish/name-types.ts'
import { withRenames } from './read/renamed-finder.ts'
import type { BuildEvent, BuildReport, BuildStep } from './report.ts'
import type { BuildConfig, BuildOptions } from './settings/options.ts'
import { createUnchangedCheck } from './unchanged.ts'

/**
 * Builds: collects the sources, names every file after its content, rewrites references, compresses, and publishes all
 * of it at once. If nothing has changed, it reads nothing but directories.
 *
 * @throws FingerpostError for anything wrong with options, sources, references or the output; nothing is published then
 */
export function build(options: BuildOptions, environment: BuildEnvironment = {}): Promise<BuildReport> {
  return buildCollected(options, environment, () => undefined).then(({ report }) => report)
}

/** A build, and the files besides the collection that decide on it. */
export interface CollectedBuild {
  readonly report: BuildReport
  /** Absolute paths of files that transforms depended on; some may be in the collection too. */
  readonly dependencies: readonly string[]
}

/**
 * {@link build}, for those who watch its files.
 *
 * @param onCollected called with the files of the sources, and again with those of npm packages, before they are built
 */
export async function buildCollected(
  options: BuildOptions,
  environment: BuildEnvironment,
  onCollected: (collection: Collection) => void,
): Promise<CollectedBuild> {
  const clock = createStepClock(environment.onProgress)
  const context = createBuildContext(options, { ...environment, onProgress: clock.onProgress })
  const { config, storage, mode, report: tell } = context
  const digester = await createDigester()
  const isPlain = mode === 'publish' && config.previous === undefined
  const unchanged = isPlain ? createUnchangedCheck({ config, storage, digester }) : undefined
  tell({ kind: 'step', step: 'collect' })
  const own = await collectSources(config)
  onCollected(own)
  const collection =
    config.importMap.packages === undefined ? own : await withPackages(own, context, digester)
  onCollected(collection)
  if (collection.files.size === 0 && !config.allowEmpty) throw noFiles(config)
  if (mode === 'publish' && config.types !== undefined) {
    await saveNameTypes(config.types, collection.files.keys())
  }
  const recalled = await unchanged?.recall(collection)
  if (recalled !== undefined) {
    const { readManifest, dependencies, ...report } = recalled
    return { report: withLazyManifest({ ...report, ...clock.finish() }, readManifest), dependencies }
  }
  // Loaded only now: a build without changes doesn't need it.
  const { buildSite } = await import('./pipeline.ts')
  const built = await buildSite(collection, { ...context, digester })
  unchanged?.keep(collection, built)
  const report = { ...built.report, ...clock.finish() }
  if (report.kind === 'built') keepLastWork(config, report, digester)
  return { report, dependencies: built.dependencies }
}

/** Measures a build and its steps. */
function createStepClock(tell: (event: BuildEvent) => void = () => undefined) {
  const started = performance.now()
  const steps: Partial<Record<BuildStep, number>> = {}
  let current: { readonly step: BuildStep; readonly since: number } | undefined
  const leave = () => {
    if (current !== undefined) steps[current.step] = Math.round(performance.now() - current.since)
  }
  return {
    onProgress(event: BuildEvent) {
      if (event.kind === 'step') {
        leave()
        current = { step: event.step, since: performance.now() }
      }
      tell(event)
    },
    finish(): Pick<BuildReport, 'steps' | 'elapsedMs'> {
      leave()
      return { steps, elapsedMs: Math.round(performance.now() - started) }
    },
  }
}

/** Lists every source; where several have a path, the first wins. */
export async function collectSources(config: BuildConfig) {
  const { sources, cwd, out, ignore } = config
  const located = await locateSources(sources, { cwd, out })
  return collect(located.map((source) => withRenames(createFolderFinder({ ...source, ignore }), config)))
}

/** {@link collectSources} and the files of npm packages that modules import, as a build has them. */
export async function collectAll(config: BuildConfig): Promise<Collection> {
  const own = await collectSources(config)
  if (config.importMap.packages === undefined) return own
  return withPackages(own, { config, signal: new AbortController().signal }, await createDigester())
}

async function withPackages(
  collection: Collection,
  { config, signal }: Pick<BuildContext, 'config' | 'signal'>,
  digester: Digester,
): Promise<Collection> {
  const { addPackages } = await import('./packages/collect.ts')
  return addPackages(collection, { config, digester, signal })
}

function noFiles({ sources }: BuildConfig): FingerpostError {
  const folders = sources.map((source) => (typeof source === 'string' ? source : source.dir))
  return new FingerpostError('FP_SOURCE', `No files in ${folders.join(', ')}.`, {
    remedy: 'Check the folders and --ignore, or allow an empty build with --allow-empty.',
    details: { sources },
  })
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
