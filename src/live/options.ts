import type { BuildOptions } from '../builder/settings/options.ts'
import { FingerpostError } from '../core/error.ts'
import { asRecord } from '../core/option.ts'
import type { LiveSettings } from '../serve/options.ts'

/** The build that live mode stands in for. */
export interface LiveBuild {
  readonly options: BuildOptions
  /** Where relative paths of the options start. */
  readonly cwd: string
}

/** @throws FingerpostError `FP_CONFIG` where `NODE_ENV` is `production` and nobody insists */
export function refuseProduction({ force }: LiveSettings): void {
  if (process.env['NODE_ENV'] !== 'production' || force) return
  throw new FingerpostError('FP_CONFIG', 'Live mode is for development, and NODE_ENV is production.', {
    remedy:
      'Build (fingerpost build) and register without live; or, if this is meant, live: { force: true }.',
  })
}

/** Reads the config file, and puts the sources given to the plugin in the place of its own. */
export async function loadLiveBuild({ config, sources }: LiveSettings): Promise<LiveBuild> {
  const { loadConfigFile } = await import('../builder/settings/config-file.ts')
  const { parseBuildOptions } = await import('../builder/settings/options.ts')
  const { file, folder, value } = await loadConfigFile(process.cwd(), config)
  const where = file ?? 'the options'
  parseBuildOptions(value, folder, where)
  const given = sources === undefined ? {} : { sources: await absolute(sources) }
  const options = { ...asRecord(value, where), ...given } as unknown as BuildOptions
  if ((options.sources ?? []).length > 0) return { options, cwd: folder }
  throw new FingerpostError('FP_CONFIG', 'Live mode has no sources to serve.', {
    remedy: "Name them: { live: true, sources: ['assets'] }, or list them in fingerpost.config.mjs",
  })
}

/** Sources given to the plugin start in the working directory, wherever the config file is. */
async function absolute(sources: NonNullable<LiveSettings['sources']>) {
  const { parseSource } = await import('../sources/source.ts')
  return sources.map((source) => {
    const { folder, prefix } = parseSource(source, process.cwd())
    return { dir: folder, prefix }
  })
}
