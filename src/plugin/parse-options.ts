import { resolve } from 'node:path'
import { LIMITS } from '../core/limit.ts'
import {
  asCount,
  asCountWithin,
  asFlag,
  asListOf,
  asOneOf,
  asRecord,
  asText,
  type OptionParser,
  type OptionTable,
  parseOptions,
  wrongShape,
} from '../core/option.ts'
import type { CacheLimits } from '../http/body-cache.ts'
import {
  checkHeader,
  HASHED_CACHE_CONTROL,
  type HeaderRule,
  LOGICAL_CACHE_CONTROL,
} from '../http/header-rules.ts'
import type { RemoteManifest } from '../serve/manifest-source.ts'
import {
  type FingerpostOptions,
  type LiveModeOptions,
  type LiveSettings,
  RESOURCE_POLICIES,
  type ServeSettings,
} from '../serve/options.ts'
import type { SourceOption } from '../sources/source.ts'

/**
 * Reads the plugin's options, which JavaScript may have written.
 *
 * @throws FingerpostError `FP_CONFIG` naming the option
 */
export function parseServeOptions(given: FingerpostOptions): ServeSettings {
  const options = parseOptions<FingerpostOptions>(withoutFastifys(given), TABLE, "fingerpost's options")
  const { hashed = HASHED_CACHE_CONTROL, logical = LOGICAL_CACHE_CONTROL } = options.cacheControl ?? {}
  return {
    root: resolve(options.root ?? 'staticfiles'),
    manifest: options.manifest,
    live: liveSettingsOf(options.live ?? false, options.sources),
    prefix: options.prefix,
    decorate: options.decorate ?? true,
    shortCircuit: options.shortCircuit ?? false,
    fallthrough: options.fallthrough ?? false,
    rootFiles: options.rootFiles === undefined ? {} : rootFilesOf(options.rootFiles),
    index: options.index === false ? undefined : options.index,
    watchIntervalMs: watchIntervalOf(options.watch ?? true, options.manifest !== undefined),
    earlyHints: options.earlyHints ?? false,
    folders: (options.folders ?? []).map((folder) => resolve(folder)),
    headers: {
      hashedCacheControl: hashed,
      logicalCacheControl: logical,
      cors: options.cors ?? ((options.live ?? false) === false ? '*' : false),
      resourcePolicy: options.crossOriginResourcePolicy ?? false,
      timingAllowOrigin: options.timingAllowOrigin ?? false,
      modifiedAtMs: options.lastModified === false ? undefined : options.lastModified?.getTime(),
    },
    rules: options.headers ?? [],
    stallMs: (options.stallSeconds ?? LIMITS.stallSeconds) * 1000,
    cache: cacheLimitsOf(options.cache ?? {}),
  }
}

/** Register options that Fastify passes on to the plugin. */
function withoutFastifys(options: FingerpostOptions): object {
  const { logLevel: _logLevel, logSerializers: _logSerializers, ...own } = options as Record<string, unknown>
  return own
}

function liveSettingsOf(
  live: Required<FingerpostOptions>['live'],
  sources: readonly SourceOption[] | undefined,
): LiveSettings | undefined {
  if (live === false) return undefined
  const { reload = true, watch = [], config, force = false, allowedHosts = [] } = live === true ? {} : live
  const hosts = allowedHosts === true || allowedHosts.map((host) => host.toLowerCase())
  return {
    reload,
    watch: watch.map((folder) => resolve(folder)),
    config,
    force,
    sources,
    allowedHosts: hosts,
  }
}

function cacheLimitsOf(cache: Exclude<FingerpostOptions['cache'], undefined>): CacheLimits {
  if (cache === false) return { maxBytes: 0, maxBodyBytes: 0 }
  const { maxBytes = LIMITS.cacheMaxBytes, maxBodyBytes = LIMITS.cacheMaxBodyBytes } = cache
  return { maxBytes, maxBodyBytes }
}

function rootFilesOf(files: Required<FingerpostOptions>['rootFiles']): Readonly<Record<string, string>> {
  if (!isList(files)) return files
  return Object.fromEntries(files.map((path) => [`/${path}`, path]))
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value)
}

function watchIntervalOf(watch: Required<FingerpostOptions>['watch'], isRemote: boolean): number | undefined {
  if (watch === false) return undefined
  const usual = isRemote ? LIMITS.remoteWatchIntervalMs : LIMITS.watchIntervalMs
  return watch === true ? usual : (watch.intervalMs ?? usual)
}

const asPrefix: OptionParser<string> = (value, where) => {
  const text = asText(value, where)
  if (!text.startsWith('/') || /[?#*:]/.test(text)) throw wrongShape(value, where, 'a path such as /static/')
  return text.endsWith('/') ? text : `${text}/`
}

/** The value of a header, checked as Node will check it. */
function asHeader(name: string): OptionParser<string> {
  return (value, where) => {
    const text = asText(value, where)
    checkHeader(where, name, text)
    return text
  }
}

function orFalse<T>(parse: OptionParser<T>): OptionParser<T | false> {
  return (value, where) => (value === false ? false : parse(value, where))
}

/** Whole seconds, as HTTP dates are. */
const asDate: OptionParser<Date> = (value, where) => {
  if (!(value instanceof Date) || Number.isNaN(value.getTime()))
    throw wrongShape(value, where, 'a Date or false')
  return new Date(Math.floor(value.getTime() / 1000) * 1000)
}

type CacheControl = Required<FingerpostOptions>['cacheControl']
type Cache = Exclude<FingerpostOptions['cache'], undefined | false>

const asCacheControl: OptionParser<CacheControl> = (value, where) => {
  const header = asHeader('Cache-Control')
  return parseOptions<CacheControl>(value, { hashed: header, logical: header }, where)
}

const asCache: OptionParser<Cache> = (value, where) =>
  parseOptions<Cache>(value, { maxBytes: asCount, maxBodyBytes: asCount }, where)

const asRule: OptionParser<HeaderRule> = (value, where) => {
  const asSet: OptionParser<Record<string, string>> = (set, at) => {
    for (const [name, text] of Object.entries(asRecord(set, at))) checkHeader(at, name, text)
    return set as Record<string, string>
  }
  const { match, set } = parseOptions<HeaderRule>(value, { match: asText, set: asSet }, where)
  if (match === undefined || set === undefined) throw wrongShape(value, where, '{ match, set }')
  return { match, set }
}

const asRemoteManifest: OptionParser<RemoteManifest> = (value, where) => {
  if (typeof value === 'function') return value as () => Promise<string>
  if (value instanceof URL) return value
  const text = asText(value, where)
  if (!/^https?:\/\//.test(text)) throw wrongShape(value, where, 'an http(s) address or a function')
  return text
}

const asWatch: OptionParser<Required<FingerpostOptions>['watch']> = (value, where) =>
  typeof value === 'boolean'
    ? value
    : parseOptions<{ intervalMs?: number }>(value, { intervalMs: asCountWithin(1, LIMITS.timerMaxMs) }, where)

/** Logical paths, and where they answer: paths without the signs that Fastify's router gives a meaning. */
const asRootFiles: OptionParser<Required<FingerpostOptions>['rootFiles']> = (value, where) => {
  const files = isList(value) ? asListOf(asText)(value, where) : asRecord(value, where)
  for (const [url, path] of isList(files) ? files.map((file) => [`/${file}`, file]) : Object.entries(files)) {
    if (!/^\/[^:*?#]+$/.test(String(url))) throw wrongShape(url, where, 'paths such as /favicon.ico')
    asText(path, `${where} ${url}`)
  }
  return files as Required<FingerpostOptions>['rootFiles']
}

const asLive: OptionParser<Required<FingerpostOptions>['live']> = (value, where) =>
  typeof value === 'boolean' ? value : parseOptions<LiveModeOptions>(value, LIVE_TABLE, where)

const LIVE_TABLE: OptionTable<LiveModeOptions> = {
  reload: asFlag,
  watch: asListOf(asText),
  config: asText,
  allowedHosts: (value, where) => (value === true ? value : asListOf(asText)(value, where)),
  force: asFlag,
}

/** Only that it is a list: what a source is, the build knows, which is loaded when it is needed. */
const asSources: OptionParser<readonly SourceOption[]> = (value, where) => {
  if (!Array.isArray(value)) throw wrongShape(value, where, 'a list')
  return value as readonly SourceOption[]
}

const TABLE: OptionTable<FingerpostOptions> = {
  root: asText,
  live: asLive,
  sources: asSources,
  manifest: asRemoteManifest,
  prefix: asPrefix,
  decorate: asFlag,
  shortCircuit: asFlag,
  fallthrough: asFlag,
  rootFiles: asRootFiles,
  index: orFalse(asText),
  watch: asWatch,
  earlyHints: asFlag,
  folders: asListOf(asText),
  cacheControl: asCacheControl,
  cors: orFalse(asHeader('Access-Control-Allow-Origin')),
  crossOriginResourcePolicy: orFalse(asOneOf(...RESOURCE_POLICIES)),
  timingAllowOrigin: orFalse(asHeader('Timing-Allow-Origin')),
  lastModified: orFalse(asDate),
  headers: asListOf(asRule),
  stallSeconds: asCountWithin(1, Math.floor(LIMITS.timerMaxMs / 1000)),
  cache: orFalse(asCache),
}
