import { resolve } from 'node:path'
import { LIMITS } from '../core/limit.ts'
import {
  asCount,
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
import type { CacheLimits } from './body-cache.ts'
import {
  checkHeader,
  HASHED_CACHE_CONTROL,
  type HeaderRule,
  type HeaderSettings,
  LOGICAL_CACHE_CONTROL,
} from './header-rules.ts'

/** Values of Cross-Origin-Resource-Policy (Fetch §3.7). */
const RESOURCE_POLICIES = ['same-origin', 'same-site', 'cross-origin'] as const

/** Options of the Fastify plugin. */
export interface FingerpostOptions {
  /** The folder of a build, the one with `manifest.json`; relative to the working directory. Default `staticfiles`. */
  readonly root?: string
  /** The path this server answers below. Default: the path of the manifest's `url`. */
  readonly prefix?: string
  /** Add `static` and its kin to the app and its replies. Default true; false for all builds but one in a scope. */
  readonly decorate?: boolean
  /** Answer before Fastify routes: fastest, but no hook and no log sees the request. Default false. */
  readonly shortCircuit?: boolean
  /** Leave what the build doesn't have to the app's own not-found handler. Default false: a plain 404, `no-store`. */
  readonly fallthrough?: boolean
  /** Cache-Control of hashed names (default one year, immutable) and of logical ones (default `no-cache`). */
  readonly cacheControl?: { readonly hashed?: string; readonly logical?: string }
  /** Access-Control-Allow-Origin. Default `*`; false for none. */
  readonly cors?: string | false
  /** Cross-Origin-Resource-Policy. Default none. */
  readonly crossOriginResourcePolicy?: (typeof RESOURCE_POLICIES)[number] | false
  /** Timing-Allow-Origin. Default none. */
  readonly timingAllowOrigin?: string | false
  /** Last-Modified of every file. Default none: ETags do better, and are the same on every host. */
  readonly lastModified?: Date | false
  /** Further headers by glob; later rules win. */
  readonly headers?: readonly HeaderRule[]
  /** Memory for response bodies; false for none. Default 64 MiB in all, 8 MiB for one body. */
  readonly cache?: { readonly maxBytes?: number; readonly maxBodyBytes?: number } | false
}

/** The options, checked and complete. */
export interface ServeSettings {
  /** Absolute. */
  readonly root: string
  /** With a slash at both ends; undefined for the manifest's. */
  readonly prefix: string | undefined
  readonly decorate: boolean
  readonly shortCircuit: boolean
  readonly fallthrough: boolean
  readonly headers: HeaderSettings
  readonly rules: readonly HeaderRule[]
  readonly cache: CacheLimits
}

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
    prefix: options.prefix,
    decorate: options.decorate ?? true,
    shortCircuit: options.shortCircuit ?? false,
    fallthrough: options.fallthrough ?? false,
    headers: {
      hashedCacheControl: hashed,
      logicalCacheControl: logical,
      cors: options.cors ?? '*',
      resourcePolicy: options.crossOriginResourcePolicy ?? false,
      timingAllowOrigin: options.timingAllowOrigin ?? false,
      modifiedAtMs: options.lastModified === false ? undefined : options.lastModified?.getTime(),
    },
    rules: options.headers ?? [],
    cache: cacheLimitsOf(options.cache ?? {}),
  }
}

/** Register options that Fastify passes on to the plugin. */
function withoutFastifys(options: FingerpostOptions): object {
  const { logLevel: _logLevel, logSerializers: _logSerializers, ...own } = options as Record<string, unknown>
  return own
}

function cacheLimitsOf(cache: Exclude<FingerpostOptions['cache'], undefined>): CacheLimits {
  if (cache === false) return { maxBytes: 0, maxBodyBytes: 0 }
  const { maxBytes = LIMITS.cacheMaxBytes, maxBodyBytes = LIMITS.cacheMaxBodyBytes } = cache
  return { maxBytes, maxBodyBytes }
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

const TABLE: OptionTable<FingerpostOptions> = {
  root: asText,
  prefix: asPrefix,
  decorate: asFlag,
  shortCircuit: asFlag,
  fallthrough: asFlag,
  cacheControl: asCacheControl,
  cors: orFalse(asHeader('Access-Control-Allow-Origin')),
  crossOriginResourcePolicy: orFalse(asOneOf(...RESOURCE_POLICIES)),
  timingAllowOrigin: orFalse(asHeader('Timing-Allow-Origin')),
  lastModified: orFalse(asDate),
  headers: asListOf(asRule),
  cache: orFalse(asCache),
}
