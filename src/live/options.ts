import { loadConfigFile } from '../builder/settings/config-file.ts'
import { type BuildOptions, parseBuildOptions } from '../builder/settings/options.ts'
import { FingerpostError } from '../core/error.ts'
import { asRecord } from '../core/option.ts'
import type { LiveSettings } from '../serve/options.ts'
import { parseSource } from '../sources/source.ts'

/** The build that live mode stands in for. */
export interface LiveBuild {
  readonly options: BuildOptions
  /** The base of relative paths in the options. Absolute. */
  readonly cwd: string
}

/** @throws FingerpostError `FP_CONFIG` where `NODE_ENV` is `production`, unless forced */
export function refuseProduction({ force }: LiveSettings): void {
  if (process.env['NODE_ENV'] !== 'production' || force) return
  throw new FingerpostError('FP_CONFIG', 'Live mode is for development, but NODE_ENV is production.', {
    remedy:
      'Run fingerpost build and register the plugin without live. To serve live anyway: live: { force: true }.',
  })
}

/** Reads the config file. Sources given to the plugin replace those of the file. */
export async function loadLiveBuild({ config, sources }: LiveSettings): Promise<LiveBuild> {
  const { file, folder, value } = await loadConfigFile(process.cwd(), config)
  const where = file ?? 'the options'
  parseBuildOptions(value, folder, where)
  // Sources given here are relative to the working directory, wherever the config file is.
  const given = sources?.map((source) => {
    const { folder: dir, prefix } = parseSource(source, process.cwd())
    return { dir, prefix }
  })
  const options = { ...asRecord(value, where), ...(given && { sources: given }) } as unknown as BuildOptions
  if ((options.sources ?? []).length > 0) return { options, cwd: folder }
  throw new FingerpostError('FP_CONFIG', 'Live mode has no sources.', {
    remedy: "Pass them: { live: true, sources: ['assets'] }, or list them in fingerpost.config.mjs.",
  })
}
