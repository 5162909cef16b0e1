import { readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { loadConfigFile } from '../builder/settings/config-file.ts'
import { BUILD_TABLE, type BuildOptions, parseBuildOptions } from '../builder/settings/options.ts'
import { FingerpostError, isSystemError } from '../core/error.ts'
import { MANIFEST_FILE, type Manifest, parseManifest } from '../core/manifest/manifest.ts'
import { asRecord } from '../core/option.ts'
import { applyFlags } from '../core/option-flag.ts'
import { parseSource } from '../sources/source.ts'
import { parseS3Url } from '../storage/s3/options.ts'
import type { S3Storage } from '../storage/s3/s3.ts'
import type { CommandOptions, OptionValues } from './arguments.ts'
import type { CommandContext } from './command.ts'

/** The option of every command that reads the config file. */
export const CONFIG_OPTION = {
  config: {
    kind: 'value',
    short: 'c',
    value: 'FILE',
    help: 'Config file (default: fingerpost.config.{ts,mts,js,mjs,json})',
  },
} as const satisfies CommandOptions

/** The options of every command that connects to a bucket. */
export const BUCKET_OPTIONS = {
  endpoint: { kind: 'value', value: 'URL', help: 'S3 server other than AWS, addressed in path style' },
  region: {
    kind: 'value',
    value: 'NAME',
    help: "Region (default: the environment's, or us-east-1 with --endpoint)",
  },
} as const satisfies CommandOptions

/** Build options, ready for the functions of the builder. */
export interface Settings {
  readonly options: BuildOptions
  /** Where the relative paths of `options` start: the config file's folder. */
  readonly cwd: string
  /** The folder of the build, absolute. */
  readonly out: string
}

/** Where settings are loaded. */
export interface SettingsPlace extends Pick<CommandContext, 'cwd'> {
  /** Another text reads the config file again. Default: as it was read before. */
  readonly revision?: string
}

/**
 * Loads the config file and applies the command line's build flags and sources on top.
 *
 * @throws FingerpostError `FP_CONFIG` and `FP_USAGE`
 */
export async function loadSettings(
  given: Readonly<Record<string, unknown>> & OptionValues<typeof CONFIG_OPTION>,
  sources: readonly string[],
  { cwd, revision }: SettingsPlace,
): Promise<Settings> {
  const { file, folder, value } = await loadConfigFile(cwd, given.config, revision)
  const where = file ?? 'the options'
  // Checked before the flags are applied, so that the message names the file that has the mistake.
  parseBuildOptions(value, folder, where)
  const named = sources.map((source) => {
    const { folder: dir, prefix } = parseSource(source, cwd)
    return { dir, prefix }
  })
  const merged = {
    ...applyFlags(BUILD_TABLE, asRecord(value, where), given, cwd),
    ...(named.length === 0 ? {} : { sources: named }),
  }
  const { out } = parseBuildOptions(merged, folder, 'the command line')
  return { options: merged as unknown as BuildOptions, cwd: folder, out }
}

/** {@link loadSettings} for a command that needs sources. @param example a command line that names some */
export async function loadSources(
  given: Parameters<typeof loadSettings>[0],
  sources: readonly string[],
  place: SettingsPlace,
  example: string,
): Promise<Settings> {
  const settings = await loadSettings(given, sources, place)
  if ((settings.options.sources ?? []).length > 0) return settings
  throw new FingerpostError('FP_USAGE', `No sources. Try: ${example}`, {
    remedy: 'Or list them as "sources" in the config file fingerpost.config.js.',
  })
}

/** Reads the manifest of the build in a folder. @throws FingerpostError `FP_MANIFEST` where there is none */
export async function readBuild(out: string, { cwd }: CommandContext): Promise<Manifest> {
  const path = join(out, MANIFEST_FILE)
  try {
    return parseManifest(await readFile(path, 'utf8'), path)
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR')) throw cause
    const folder = shortPath(out, cwd)
    const option = folder === BUILD_TABLE.out.default ? '' : ` --out ${folder}`
    const message = `${folder}/ holds no build. Run: fingerpost build${option}`
    throw new FingerpostError('FP_MANIFEST', message, { details: { folder: out }, cause })
  }
}

/** A path below the working directory as one would type it; others absolute. */
export function shortPath(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short === '' ? '.' : short.startsWith(`..${sep}`) || short === '..' ? path : short
}

/** Opens the bucket of `s3://BUCKET[/PREFIX]` with the environment's credentials. @throws FingerpostError `FP_USAGE` */
export async function openBucket(
  url: string,
  { endpoint, region }: OptionValues<typeof BUCKET_OPTIONS>,
): Promise<S3Storage> {
  const address = parseS3Url(url)
  // Most commands never connect to a bucket, and the SDK is optional.
  const { createS3Storage } = await import('../storage/s3/s3.ts')
  return createS3Storage({
    ...address,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  })
}
