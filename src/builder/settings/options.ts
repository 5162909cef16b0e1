import { resolve } from 'node:path'
import { ENCODINGS, type Encoding } from '../../core/encoding.ts'
import { LIMITS } from '../../core/limit.ts'
import {
  asCount,
  asListOf,
  asOneOf,
  asRecord,
  asText,
  type OptionParser,
  type OptionTable,
  parseOptions,
  wrongShape,
} from '../../core/option.ts'
import { type PublicUrl, parsePublicUrl } from '../../core/public-url.ts'
import type { SourceOption } from '../../sources/source.ts'
import {
  REFERENCE_TABLE,
  type ReferenceConfig,
  type ReferenceOptions,
  referenceConfigOf,
} from './reference-options.ts'

/** Which qualities the files of a glob are compressed with; `false` for not at all. */
export type CompressRule = false | Readonly<Partial<Record<Encoding, number | false>>>

/** Where encoded files and scan results are kept between builds. */
export interface CacheOption {
  /**
   * Relative to the working directory. Any folder will do, so that a CI service can carry it. Default
   * `node_modules/.cache/fingerpost`.
   */
  readonly dir?: string
  /** Bytes the folder may hold; what was used longest ago goes first. Default 512 MiB. */
  readonly maxBytes?: number
}

/** What to build, and how: the shape of the config file. */
export interface BuildOptions extends ReferenceOptions {
  /** Searched in order; where two have the same name, the first wins. */
  readonly sources: readonly SourceOption[]
  /** The folder the build is written to, relative to the working directory. Default `staticfiles`. */
  readonly out?: string
  /** Where the files appear to browsers: a path, or an address for a CDN. Default `/static/`. */
  readonly url?: string
  /** Which encodings are prepared. Default `['br', 'gzip']`; `zstd` needs Node 22.15 or newer. */
  readonly encodings?: readonly Encoding[]
  /**
   * Qualities by glob, the first that matches a logical path decides: `{ '*.map': { br: 5 }, 'raw/**': false }`.
   * What a rule leaves out has its default: br 11 (0–11), gzip 9 (1–9), zstd 19 (1–22).
   */
  readonly compress?: Readonly<Record<string, CompressRule>>
  /**
   * Which encoder makes `br`: the runtime's own, or brotli-wasm, whose bytes are the same on every Node version
   * and platform and which takes about 1.6 times as long. Default `'native'`.
   */
  readonly brotli?: 'native' | 'wasm'
  /** Globs of logical paths to leave out, besides `CVS`, `.*` (except `.well-known`) and `*~`. Default none. */
  readonly ignore?: readonly string[]
  /**
   * A declaration file, relative to the working directory, that is kept filled with the names of all files: see
   * `fingerpost types`. Default none.
   */
  readonly types?: string
  /** `false` for no cache at all. Default: on. */
  readonly cache?: CacheOption | false
  /**
   * An earlier build whose files are carried forward where the output lacks them: the folder of a build, an archive of
   * `fingerpost pack`, or the address of a `manifest.json`. Default: none.
   */
  readonly previous?: string
}

/** Build options with every default filled in and every folder absolute. */
export interface BuildConfig {
  readonly cwd: string
  readonly sources: readonly SourceOption[]
  readonly out: string
  readonly url: PublicUrl
  /** In the order of {@link ENCODINGS}. */
  readonly encodings: readonly Encoding[]
  readonly compress: readonly (readonly [glob: string, rule: CompressRule])[]
  readonly brotli: 'native' | 'wasm'
  readonly ignore: readonly string[]
  readonly references: ReferenceConfig
  /** Absolute. */
  readonly types: string | undefined
  readonly cache: Required<CacheOption> | false
  readonly previous: string | undefined
}

/** The defaults of all build options. */
export const BUILD_DEFAULTS = {
  out: 'staticfiles',
  url: '/static/',
  encodings: ['br', 'gzip'] as readonly Encoding[],
  brotli: 'native',
  cacheDir: 'node_modules/.cache/fingerpost',
} as const

/** A range of qualities and the one that is used unless a rule says otherwise. */
export interface QualityRange {
  readonly min: number
  readonly max: number
  readonly default: number
}

/** What each encoder can be asked for. */
export const QUALITIES: Readonly<Record<Encoding, QualityRange>> = {
  br: { min: 0, max: 11, default: 11 },
  gzip: { min: 1, max: 9, default: 9 },
  zstd: { min: 1, max: 22, default: 19 },
}

/**
 * Reads build options from outside and fills in the defaults.
 *
 * @param where names them in messages, e.g. the config file's path
 * @throws FingerpostError `FP_CONFIG` for an unknown option (with the nearest known one) and for a value of the wrong
 * shape
 */
export function parseBuildOptions(value: unknown, cwd: string, where = 'the options'): BuildConfig {
  const options = parseOptions<BuildOptions>(value, TABLE, where)
  const encodings = options.encodings ?? BUILD_DEFAULTS.encodings
  return {
    cwd,
    sources: options.sources ?? [],
    out: resolve(cwd, options.out ?? BUILD_DEFAULTS.out),
    url: parsePublicUrl(options.url ?? BUILD_DEFAULTS.url),
    encodings: ENCODINGS.filter((encoding) => encodings.includes(encoding)),
    compress: Object.entries(options.compress ?? {}),
    brotli: options.brotli ?? BUILD_DEFAULTS.brotli,
    ignore: options.ignore ?? [],
    references: referenceConfigOf(options),
    types: options.types === undefined ? undefined : resolve(cwd, options.types),
    cache: cacheConfig(options.cache ?? {}, cwd),
    previous: options.previous,
  }
}

interface PlainSource {
  dir: string
  prefix?: string
}

const asPrefix: OptionParser<string> = (value, where) => (value === '' ? '' : asText(value, where))

const SOURCE_TABLE: OptionTable<PlainSource> = { dir: asText, prefix: asPrefix }

const asSource: OptionParser<SourceOption> = (value, where) => {
  if (typeof value === 'string') return asText(value, where)
  const { dir, prefix = '' } = parseOptions<PlainSource>(value, SOURCE_TABLE, where)
  if (dir === undefined) throw wrongShape(value, where, 'a folder, or { dir, prefix }')
  return { dir, prefix }
}

const asCache: OptionParser<CacheOption | false> = (value, where) =>
  value === false ? false : parseOptions<CacheOption>(value, { dir: asText, maxBytes: asCount }, where)

const asCompress: OptionParser<Readonly<Record<string, CompressRule>>> = (value, where) => {
  const rules: Record<string, CompressRule> = {}
  for (const [glob, rule] of Object.entries(asRecord(value, where))) {
    rules[glob] = rule === false ? false : parseOptions(rule, QUALITY_TABLE, `${where}[${glob}]`)
  }
  return rules
}

const asQuality =
  (encoding: Encoding): OptionParser<number | false> =>
  (value, where) => {
    const { min, max } = QUALITIES[encoding]
    if (value === false) return false
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw wrongShape(value, where, `false or a whole number from ${min} to ${max}`)
  }

const QUALITY_TABLE: OptionTable<Partial<Record<Encoding, number | false>>> = {
  br: asQuality('br'),
  zstd: asQuality('zstd'),
  gzip: asQuality('gzip'),
}

const TABLE: OptionTable<BuildOptions> = {
  sources: asListOf(asSource),
  out: asText,
  url: asText,
  encodings: asListOf(asOneOf(...ENCODINGS)),
  compress: asCompress,
  brotli: asOneOf('native', 'wasm'),
  ignore: asListOf(asText),
  ...REFERENCE_TABLE,
  types: asText,
  cache: asCache,
  previous: asText,
}

function cacheConfig(option: CacheOption | false, cwd: string): Required<CacheOption> | false {
  if (option === false) return false
  const { dir = BUILD_DEFAULTS.cacheDir, maxBytes = LIMITS.buildCacheMaxBytes } = option
  return { dir: resolve(cwd, dir), maxBytes }
}
