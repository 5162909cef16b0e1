import { resolve } from 'node:path'
import type { RouteOptions } from 'fastify'
import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import {
  asCount,
  asCountWithin,
  asFlag,
  asListOf,
  asOneOf,
  asOptions,
  asText,
  type Completed,
  completeOptions,
  type OptionParser,
  type OptionTable,
  orFalse,
  orFlag,
  parseOptions,
} from '../core/option.ts'
import { type CacheLimits, NO_CACHE } from '../http/body-cache.ts'
import { HASHED_CACHE_CONTROL, type HeaderRule, LOGICAL_CACHE_CONTROL } from '../http/header-rules.ts'
import type { SourceOption } from '../sources/source.ts'
import { LIVE_MODE, type LiveModeOptions } from './live-options.ts'
import type { RemoteManifest } from './manifest-source.ts'
import {
  asDate,
  asHeader,
  asHeaderRule,
  asPrefix,
  asRemoteManifest,
  asRootFiles,
  inFolders,
} from './option-parsers.ts'
import { INTEGRITY_POLICY, type IntegrityPolicyOptions } from './page/integrity-policy.ts'

/** Options of the Fastify plugin. */
export interface FingerpostOptions {
  /** The folder of a build, which has `manifest.json`; relative to the working directory. Default `staticfiles`. */
  readonly root?: string
  /**
   * A manifest on another server, which also serves its files: its address, or a function that returns its text. The
   * plugin then only makes URLs and adds no routes for files. Default: the one in `root`.
   */
  readonly manifest?: RemoteManifest
  /**
   * Serve the sources without a build, for development: every save shows at the next request. Refused if `NODE_ENV` is
   * `production`. Default false.
   */
  readonly live?: boolean | LiveModeOptions
  /** With `live`: folders to serve, with the other options of the config file. Default: the config file's sources. */
  readonly sources?: readonly SourceOption[]
  /** The path below which this server answers. Default: the path of the manifest's `url`. */
  readonly prefix?: string
  /** Add `static` and related methods to the app and its replies. Default true; false for all builds but one in a scope. */
  readonly decorate?: boolean
  /** Answer before Fastify does: fastest, but no hook, guard or log sees the request. Default false. */
  readonly shortCircuit?: boolean
  /** Leave unknown names to the app's own not-found handler. Default false: a plain 404, `no-store`. */
  readonly fallthrough?: boolean
  /**
   * Files of the build that are also served at the root of the scope: `['favicon.ico', '.well-known/security.txt']`, or
   * by path: `{ '/favicon.ico': 'icons/favicon.ico' }`. Revalidated like all logical names. Default none.
   */
  readonly rootFiles?: readonly string[] | Readonly<Record<string, string>>
  /**
   * The file that answers for a folder, e.g. `index.html`; `docs` then redirects to `docs/`. `{ file, fallback }` also names
   * the page of a single-page app: `fallback` answers visits of unknown names without an extension. Default none.
   */
  readonly index?: string | false | { readonly file?: string; readonly fallback?: string }
  /**
   * Names of small files that the helper `inline` puts into pages: stylesheets, scripts and SVG images of up to 32 KiB that
   * refer to no other file. Default none.
   */
  readonly inline?: readonly string[]
  /**
   * Send `Integrity-Policy-Report-Only` with every page of the app, or with `{ enforce: true }` the header
   * `Integrity-Policy`: browsers report, or refuse, scripts and stylesheets without integrity. Not in live mode. Default false.
   */
  readonly integrityPolicy?: boolean | IntegrityPolicyOptions
  /** Check for a new build at an interval of milliseconds; false for never. Default 1000, with `manifest` 60,000. */
  readonly watch?: boolean | { readonly intervalMs?: number }
  /** Also send the links of `reply.preload` as 103 Early Hints, as soon as it is called. Default false. */
  readonly earlyHints?: boolean
  /**
   * Folders outside the build for `reply.sendFile` and `reply.download` of @fastify/static, which is then registered
   * without routes. Default none.
   */
  readonly folders?: readonly string[]
  /** Cache-Control of hashed names (default one year, immutable) and of logical ones (default `no-cache`). */
  readonly cacheControl?: { readonly hashed?: string; readonly logical?: string }
  /** Access-Control-Allow-Origin. Default `*`, in live mode none; false for none. */
  readonly cors?: string | false
  /** Cross-Origin-Resource-Policy. Default none. */
  readonly crossOriginResourcePolicy?: 'same-origin' | 'same-site' | 'cross-origin' | false
  /** Timing-Allow-Origin. Default none. */
  readonly timingAllowOrigin?: string | false
  /** Last-Modified of every file. Default none: ETags are more precise and the same on every host. */
  readonly lastModified?: Date | false
  /**
   * Offer files as dictionaries and send deltas (RFC 9842), if the build has them: see the build option of the same name.
   * `true` also logs a warning if the build in `root` has none. Default: on, without the warning.
   */
  readonly dictionaries?: boolean
  /** Further headers by glob; later rules win. Default none. */
  readonly headers?: readonly HeaderRule[]
  /** Seconds a client may take nothing of an answer before its connection is closed. Default 60. */
  readonly stallSeconds?: number
  /** The log level of the routes, as in `app.register`. Default: the app's. */
  readonly logLevel?: NonNullable<RouteOptions['logLevel']>
  /** Bytes of response bodies in memory: of all, and of the largest; false for none. Default 64 MiB and 8 MiB. */
  readonly cache?: { readonly maxBytes?: number; readonly maxBodyBytes?: number } | false
}

/** The option `index`, complete. */
export interface IndexFiles {
  /** What answers for a folder. Default none. */
  readonly file?: string
  /** What answers visits of unknown addresses. Default none. */
  readonly fallback?: string
}

const CACHE_CONTROL_TABLE = {
  hashed: { parse: asHeader('Cache-Control'), default: HASHED_CACHE_CONTROL },
  logical: { parse: asHeader('Cache-Control'), default: LOGICAL_CACHE_CONTROL },
} satisfies OptionTable<Required<FingerpostOptions>['cacheControl']>

const CACHE_TABLE = {
  maxBytes: { parse: asCount, default: LIMITS.cacheMaxBytes },
  maxBodyBytes: { parse: asCount, default: LIMITS.cacheMaxBodyBytes },
} satisfies OptionTable<CacheLimits>

const INDEX_TABLE = { file: asText, fallback: asText } satisfies OptionTable<IndexFiles>

const WATCH_TABLE = { intervalMs: asCountWithin(1, LIMITS.timerMaxMs) }

/** A row for each of {@link FingerpostOptions}. */
const SERVE_TABLE = {
  root: {
    parse: asText,
    default: 'staticfiles',
    complete: (path: string, cwd: string) => resolve(cwd, path),
  },
  manifest: asRemoteManifest,
  live: LIVE_MODE,
  // The build, which is loaded when it is needed, checks each of them.
  sources: asListOf((source) => source as SourceOption),
  prefix: asPrefix,
  decorate: { parse: asFlag, default: true },
  shortCircuit: { parse: asFlag, default: false },
  fallthrough: { parse: asFlag, default: false },
  rootFiles: { parse: asRootFiles, default: {} as Readonly<Record<string, string>> },
  index: {
    parse: (value: unknown, where: string) =>
      typeof value === 'object' ? asOptions(INDEX_TABLE)(value, where) : orFalse(asText)(value, where),
    default: false as string | false | IndexFiles,
    complete: (given: string | false | IndexFiles): IndexFiles =>
      given === false ? {} : typeof given === 'string' ? { file: given } : given,
  },
  inline: { parse: asListOf(asText), default: [] },
  integrityPolicy: INTEGRITY_POLICY,
  watch: {
    parse: orFlag(asOptions(WATCH_TABLE)),
    default: true as boolean | { readonly intervalMs?: number },
  },
  earlyHints: { parse: asFlag, default: false },
  folders: { parse: asListOf(asText), default: [], complete: inFolders },
  cacheControl: {
    parse: asOptions(CACHE_CONTROL_TABLE),
    default: {},
    complete: (given: object, cwd: string) => completeOptions(given, CACHE_CONTROL_TABLE, cwd),
  },
  cors: { parse: orFalse(asHeader('Access-Control-Allow-Origin')), default: '*' },
  crossOriginResourcePolicy: {
    parse: orFalse(asOneOf('same-origin', 'same-site', 'cross-origin')),
    default: false,
  },
  timingAllowOrigin: { parse: orFalse(asHeader('Timing-Allow-Origin')), default: false },
  lastModified: { parse: orFalse(asDate), complete: orUndefined<Date> },
  dictionaries: asFlag,
  headers: { parse: asListOf(asHeaderRule), default: [] as readonly HeaderRule[] },
  stallSeconds: {
    parse: asCountWithin(1, Math.floor(LIMITS.timerMaxMs / 1000)),
    default: LIMITS.stallSeconds as number,
  },
  logLevel: asText as OptionParser<NonNullable<RouteOptions['logLevel']>>,
  cache: {
    parse: orFalse(asOptions(CACHE_TABLE)),
    default: {},
    complete: (given: Partial<CacheLimits> | false, cwd: string): CacheLimits =>
      given === false ? NO_CACHE : completeOptions(given, CACHE_TABLE, cwd),
  },
} satisfies OptionTable<FingerpostOptions>

/** The options of the plugin, complete. */
export type ServeSettings = Completed<typeof SERVE_TABLE>

/**
 * Checks the plugin's options and fills in the defaults.
 *
 * @throws FingerpostError `FP_CONFIG` naming the option
 */
export function parseServeOptions(given: FingerpostOptions): ServeSettings {
  // Fastify adds its own to the options that the plugin was registered with.
  const { logSerializers: _logSerializers, ...own } = given as Record<string, unknown>
  const options = parseOptions<FingerpostOptions>(own, SERVE_TABLE, "fingerpost's options")
  const settings = completeOptions(options, SERVE_TABLE, process.cwd())
  if (settings.dictionaries !== false) refuseDictionaryRules(settings.headers)
  // In live mode other origins read nothing unless they are allowed to.
  return settings.live === undefined ? settings : { ...settings, cors: options.cors ?? false }
}

function refuseDictionaryRules(rules: readonly HeaderRule[]): void {
  for (const { match, set } of rules) {
    if (!Object.keys(set).some((name) => name.toLowerCase() === 'use-as-dictionary')) continue
    throw new FingerpostError('FP_CONFIG', `The header rule for ${match} sets Use-As-Dictionary.`, {
      remedy:
        'The plugin sets it, for builds with dictionaries. Remove it, or set the option dictionaries to false.',
      details: { rule: match },
    })
  }
}

/** Milliseconds between two checks for a new build; undefined for none. */
export function watchIntervalOf({ watch, manifest }: ServeSettings): number | undefined {
  if (watch === false) return undefined
  const usual = manifest === undefined ? LIMITS.watchIntervalMs : LIMITS.remoteWatchIntervalMs
  return watch === true ? usual : (watch.intervalMs ?? usual)
}

function orUndefined<T>(value: T | false): T | undefined {
  return value === false ? undefined : value
}
