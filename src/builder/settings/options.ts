import { resolve } from 'node:path'
import { ENCODINGS, type Encoding } from '../../core/encoding.ts'
import { LIMITS } from '../../core/limit.ts'
import {
  asCount,
  asFlag,
  asListOf,
  asOneOf,
  asOptions,
  asText,
  type Completed,
  completeOptions,
  defaultsOf,
  type OptionTable,
  orFalse,
  parseOptions,
} from '../../core/option.ts'
import { parseServedUrl } from '../../core/public-url.ts'
import type { SourceOption } from '../../sources/source.ts'
import { asDictionaries, completeDictionaries, type DictionaryOptions } from './dictionaries.ts'
import { asImportMap, completeImportMap, type ImportMapOption } from './import-map.ts'
import { asCompress, asSource, type CompressRule } from './option-parsers.ts'
import { asScanner, asTransform, type ScannerOption, type TransformOption } from './transform.ts'

// To add an option: a member of BuildOptions, the row of the same name below it, and the code that uses it.
// The config file, the command line, --help, BuildConfig, the defaults and the tables of the documentation follow.

/** What to build, and how: the shape of the config file. */
export interface BuildOptions {
  /** Searched in order; where two have the same name, the first wins. */
  readonly sources: readonly SourceOption[]
  /** The folder the build is written to, relative to the working directory. Default `staticfiles`. */
  readonly out?: string
  /** Where browsers find the files: a path, or the URL of a CDN. Default `/static/`. */
  readonly url?: string
  /** Encodings to prepare. Default `['br', 'gzip']`; `zstd` needs Node 22.15 or newer. */
  readonly encodings?: readonly Encoding[]
  /**
   * `fast` is for builds that are thrown away, as previews of a pull request are: encoders take a fraction of the time
   * (br 5, gzip 6, zstd 3), files are larger, and there are no deltas (`dictionaries`). Default `'best'`.
   */
  readonly quality?: 'best' | 'fast'
  /**
   * Qualities by glob; the first glob that matches a logical path decides: `{ '*.map': { br: 5 }, 'raw/**': false }`.
   * An encoding that a rule leaves out has that of `quality`, at best: br 11 (0–11), gzip 9 (1–9), zstd 19 (1–22).
   */
  readonly compress?: Readonly<Record<string, CompressRule>>
  /**
   * The encoder for `br`: the one of Node, or brotli-wasm, whose output is the same on every Node version and
   * platform and which takes about 1.6 times as long. Default `'native'`.
   */
  readonly brotli?: 'native' | 'wasm'
  /** Globs of logical paths to leave out, besides `CVS`, `.*` (except `.well-known`) and `*~`. Default none. */
  readonly ignore?: readonly string[]
  /** Build even if the sources have no files. Default false: that is an error. */
  readonly allowEmpty?: boolean
  /** Globs of targets that may be missing, or `FILE:TARGET` for one file's targets. Default none. */
  readonly allowMissing?: readonly string[]
  /** What a reference to a missing file does: fail the build, or give a warning. Default `'error'`. */
  readonly onMissing?: 'error' | 'warn'
  /**
   * How modules refer to each other. `rewrite`: specifiers carry hashed names, which works everywhere. `import-map`:
   * modules keep their specifiers and the page's import map points to the hashed files, so that a changed module
   * renames one file instead of everything that imports it. Default `'rewrite'`.
   */
  readonly modules?: 'rewrite' | 'import-map'
  /**
   * Bare specifiers and their logical paths: `{ three: 'vendor/three/three.module.js' }`. With a slash at both ends, a
   * folder: `{ 'three/addons/': 'vendor/three/examples/jsm/' }`. `packages` resolves them to npm packages: `'auto'` all,
   * `['lit', 'three']` these. Default none.
   */
  readonly importMap?: ImportMapOption
  /**
   * Globs of files whose names carry a bundler's hash already: they keep name and bytes. Files listed by a
   * `.vite/manifest.json` in a source are added automatically. Default none.
   */
  readonly prehashed?: readonly string[]
  /** Rewrite references in HTML files of the sources too. Default false. */
  readonly html?: boolean
  /**
   * What happens to `./Button` where there is no such file. `keep` leaves it with a warning; `resolve` completes it to
   * `Button.js`, `Button.mjs` or `Button/index.js`, if exactly one of them exists. Default `'keep'`.
   */
  readonly extensionless?: 'keep' | 'resolve'
  /** Whether source map comments whose map is missing are kept or removed. Default `'keep'`. */
  readonly missingSourceMaps?: 'keep' | 'strip'
  /**
   * Functions that make other bytes of files before they are scanned, in this order: minifiers, Sass. Prehashed files are
   * left alone. Default none.
   */
  readonly transform?: readonly TransformOption[]
  /** Functions that find references in files of other types; the first that matches a file reads it. Default none. */
  readonly scanners?: readonly ScannerOption[]
  /**
   * A declaration file, relative to the working directory, that each build fills with the names of all files: see
   * `fingerpost types`. Default none.
   */
  readonly types?: string
  /**
   * Deltas against earlier contents of the files, which browsers offer as shared dictionaries (RFC 9842): after a deploy
   * a returning visitor downloads what has changed. True for the defaults. Default false.
   */
  readonly dictionaries?: boolean | DictionaryOptions
  /** The build cache, or `false` for none. Default: on. */
  readonly cache?: CacheOption | false
  /**
   * An earlier build whose files are added to the output: the folder of a build, an archive of `fingerpost pack`, or
   * the URL of a `manifest.json`. Default none.
   */
  readonly previous?: string
}

/** Where compressed files and scan results are kept between builds. */
export interface CacheOption {
  /**
   * Relative to the working directory. Any folder works, so that CI can carry it from run to run. Default
   * `node_modules/.cache/fingerpost`.
   */
  readonly dir?: string
  /** Bytes the folder may hold; the least recently used goes first. Default 512 MiB. */
  readonly maxBytes?: number
}

const inFolder = (path: string, cwd: string) => resolve(cwd, path)

const CACHE_TABLE = {
  dir: { parse: asText, default: 'node_modules/.cache/fingerpost', complete: inFolder },
  maxBytes: { parse: asCount, default: LIMITS.buildCacheMaxBytes },
} satisfies OptionTable<CacheOption>

/** A row for each of {@link BuildOptions}. */
export const BUILD_TABLE = {
  sources: { parse: asListOf(asSource), default: [] },
  out: {
    parse: asText,
    default: 'staticfiles',
    complete: inFolder,
    flag: {
      kind: 'value',
      short: 'o',
      value: 'DIR',
      help: 'Folder of the build (default: staticfiles)',
      read: inFolder,
    },
  },
  url: {
    parse: asText,
    default: '/static/',
    complete: parseServedUrl,
    flag: {
      kind: 'value',
      short: 'u',
      value: 'URL',
      help: 'Where browsers find the files: a path or a CDN address (default: /static/)',
    },
  },
  encodings: {
    parse: asListOf(asOneOf(...ENCODINGS)),
    default: ['br', 'gzip'],
    complete: (chosen) => ENCODINGS.filter((encoding) => chosen.includes(encoding)),
    flag: {
      kind: 'list',
      short: 'e',
      value: 'LIST',
      help: 'Encodings out of br, gzip and zstd (default: br,gzip)',
      read: (lists) => lists.flatMap((list) => list.split(',').filter((part) => part !== '')),
    },
  },
  quality: {
    parse: asOneOf('best', 'fast'),
    default: 'best',
    flag: {
      kind: 'value',
      value: 'best|fast',
      help: 'Smallest files, or a fast build that is thrown away (default: best)',
    },
  },
  compress: { parse: asCompress, default: {}, complete: Object.entries<CompressRule> },
  brotli: { parse: asOneOf('native', 'wasm'), default: 'native' },
  ignore: {
    parse: asListOf(asText),
    default: [],
    flag: { kind: 'list', short: 'i', value: 'GLOB', help: 'Leave out these files, besides CVS, .* and *~' },
  },
  allowEmpty: {
    parse: asFlag,
    default: false,
    flag: { kind: 'flag', help: 'Build even if the sources have no files' },
  },
  allowMissing: {
    parse: asListOf(asText),
    default: [],
    flag: { kind: 'list', value: 'GLOB', help: 'Allow references to these missing files' },
  },
  onMissing: {
    parse: asOneOf('error', 'warn'),
    default: 'error',
    flag: {
      kind: 'value',
      value: 'error|warn',
      help: 'Fail or warn about missing files (default: error)',
    },
  },
  modules: { parse: asOneOf('rewrite', 'import-map'), default: 'rewrite' },
  importMap: { parse: asImportMap, default: {}, complete: completeImportMap },
  prehashed: { parse: asListOf(asText), default: [] },
  html: { parse: asFlag, default: false },
  extensionless: { parse: asOneOf('keep', 'resolve'), default: 'keep' },
  missingSourceMaps: { parse: asOneOf('keep', 'strip'), default: 'keep' },
  transform: { parse: asListOf(asTransform), default: [] },
  scanners: { parse: asListOf(asScanner), default: [] },
  types: { parse: asText, complete: inFolder },
  dictionaries: {
    parse: asDictionaries,
    default: false,
    complete: completeDictionaries,
    flag: { kind: 'flag', help: 'Make deltas against earlier builds for returning visitors (RFC 9842)' },
  },
  cache: {
    parse: orFalse(asOptions<CacheOption>(CACHE_TABLE)),
    default: {},
    complete: (cache: CacheOption | false, cwd) =>
      cache !== false && completeOptions(cache, CACHE_TABLE, cwd),
    flag: {
      kind: 'flag',
      name: 'no-cache',
      help: 'Neither read nor write the build cache',
      read: () => false,
    },
  },
  previous: {
    parse: asText,
    flag: {
      kind: 'value',
      value: 'BUILD',
      help: 'Keep the files of this build too: a folder, a packed archive or the URL of a manifest',
      read: (place, cwd) => (/^https?:\/\//i.test(place) ? place : resolve(cwd, place)),
    },
  },
} satisfies OptionTable<BuildOptions>

/** {@link BuildOptions} with defaults, absolute folders and a parsed URL. Encodings are in the order of {@link ENCODINGS}. */
export interface BuildConfig extends Completed<typeof BUILD_TABLE> {
  readonly cwd: string
}

/** The default of each build option. */
export const BUILD_DEFAULTS = defaultsOf(BUILD_TABLE)

/**
 * Checks build options and fills in the defaults.
 *
 * @param where names them in messages, e.g. the config file's path
 * @throws FingerpostError `FP_CONFIG` for an unknown option (with the nearest known one) and for a value of the wrong
 * shape
 */
export function parseBuildOptions(value: unknown, cwd: string, where = 'the options'): BuildConfig {
  const options = parseOptions<BuildOptions>(value, BUILD_TABLE, where)
  const config = { ...completeOptions(options, BUILD_TABLE, cwd), cwd }
  return config.quality === 'fast' ? { ...config, dictionaries: false } : config
}
