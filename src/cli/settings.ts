import { resolve } from 'node:path'
import { loadConfigFile } from '../builder/settings/config-file.ts'
import { type BuildOptions, parseBuildOptions } from '../builder/settings/options.ts'
import { asRecord } from '../core/option.ts'
import { parseSource } from '../sources/source.ts'
import type { CommandContext } from './command.ts'
import type { OptionTable, OptionValues } from './option.ts'

/** The options every command that looks at a build's settings has. */
export const COMMON_OPTIONS = {
  config: {
    kind: 'text',
    value: 'FILE',
    help: 'default fingerpost.config.{ts,mts,js,mjs,json} in the working directory',
  },
  json: { kind: 'flag', help: 'print one JSON object on standard output' },
} as const satisfies OptionTable

/** What a command line may say on top of the config file. Relative paths start in the working directory. */
export interface Overrides {
  readonly sources?: readonly string[]
  readonly out?: string | undefined
  readonly url?: string | undefined
  /** As written: each entry may hold several, with commas. */
  readonly encodings?: readonly string[]
  /** Added to the config file's. */
  readonly ignore?: readonly string[]
  /** Added to the config file's. */
  readonly allowMissing?: readonly string[]
  readonly onMissing?: string | undefined
  readonly previous?: string | undefined
  readonly cache?: false | undefined
}

/** Settings, ready for the functions of the build room. */
export interface Settings {
  readonly options: BuildOptions
  /** Where the relative paths of `options` start: the config file's folder. */
  readonly cwd: string
}

/**
 * The config file's settings with the command line's on top.
 *
 * @throws FingerpostError `FP_CONFIG` and `FP_USAGE`
 */
export async function loadSettings(
  { config }: OptionValues<typeof COMMON_OPTIONS>,
  overrides: Overrides,
  { cwd }: CommandContext,
): Promise<Settings> {
  const { file, folder, value } = await loadConfigFile(cwd, config)
  const where = file ?? 'the options'
  // Checked before anything is put on top, so that a message names the file that has the mistake.
  parseBuildOptions(value, folder, where)
  const merged = merge(asRecord(value, where), overrides, cwd)
  parseBuildOptions(merged, folder, 'the command line')
  return { options: merged as unknown as BuildOptions, cwd: folder }
}

function merge(
  base: Readonly<Record<string, unknown>>,
  overrides: Overrides,
  cwd: string,
): Readonly<Record<string, unknown>> {
  const {
    sources = [],
    out,
    url,
    encodings = [],
    ignore = [],
    allowMissing = [],
    onMissing,
    previous,
    cache,
  } = overrides
  const merged: Record<string, unknown> = { ...base }
  if (sources.length > 0) {
    merged['sources'] = sources.map((source) => {
      const { folder, prefix } = parseSource(source, cwd)
      return { dir: folder, prefix }
    })
  }
  if (out !== undefined) merged['out'] = resolve(cwd, out)
  if (url !== undefined) merged['url'] = url
  if (encodings.length > 0) merged['encodings'] = encodings.flatMap(splitList)
  if (ignore.length > 0) merged['ignore'] = [...listIn(base['ignore']), ...ignore]
  if (allowMissing.length > 0) merged['allowMissing'] = [...listIn(base['allowMissing']), ...allowMissing]
  if (onMissing !== undefined) merged['onMissing'] = onMissing
  if (previous !== undefined) merged['previous'] = isAddress(previous) ? previous : resolve(cwd, previous)
  if (cache !== undefined) merged['cache'] = cache
  return merged
}

function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text)
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function splitList(text: string): readonly string[] {
  return text.split(',').filter((part) => part !== '')
}
