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
import type { RemoteManifest } from './manifest-source.ts'

/** Values of Cross-Origin-Resource-Policy (Fetch §3.7). */
const RESOURCE_POLICIES = ['same-origin', 'same-site', 'cross-origin'] as const

/** Options of the Fastify plugin. */
export interface FingerpostOptions {
  /** The folder of a build, the one with `manifest.json`; relative to the working directory. Default `staticfiles`. */
  readonly root?: string
  /**
   * A manifest that lies elsewhere, with the files of its build: the address of it, or a function that gives its text.
   * The plugin then only makes URLs and adds no routes. Default: the one in `root`.
   */
  readonly manifest?: RemoteManifest
  /** The path this server answers below. Default: the path of the manifest's `url`. */
  readonly prefix?: string
  /** Add `static` and its kin to the app and its replies. Default true; false for all builds but one in a scope. */
  readonly decorate?: boolean
  /** Answer before Fastify routes: fastest, but no hook and no log sees the request. Default false. */
  readonly shortCircuit?: boolean
  /** Leave what the build doesn't have to the app's own not-found handler. Default false: a plain 404, `no-store`. */
  readonly fallthrough?: boolean
  /**
   * Files of the build that are also to be had at the root of the scope: `['favicon.ico', '.well-known/security.txt']`,
   * or by path: `{ '/favicon.ico': 'icons/favicon.ico' }`. Revalidating, like all logical names. Default none.
   */
  readonly rootFiles?: readonly string[] | Readonly<Record<string, string>>
  /** The file that answers for a folder, e.g. `index.html`; `docs` is then redirected to `docs/`. Default none. */
  readonly index?: string | false
  /** Look for a new build while running, every so many milliseconds; false for never. Default 1000, for `manifest` 60,000. */
  readonly watch?: boolean | { readonly intervalMs?: number }
  /** Send what `reply.preload` finds as 103 Early Hints too, as soon as it is called. Default false. */
  readonly earlyHints?: boolean
  /**
   * Folders outside the build for `reply.sendFile` and `reply.download` of @fastify/static, which this then registers
   * without routes. Default none.
   */
  readonly folders?: readonly string[]
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
  /** Undefined for the one in `root`. */
  readonly manifest: RemoteManifest | undefined
  /** With a slash at both ends; undefined for the manifest's. */
  readonly prefix: string | undefined
  readonly decorate: boolean
  readonly shortCircuit: boolean
  readonly fallthrough: boolean
  /** Logical paths by the path they answer at. */
  readonly rootFiles: Readonly<Record<string, string>>
  readonly index: string | undefined
  /** Milliseconds between two looks for a new build; undefined for no look at all. */
  readonly watchIntervalMs: number | undefined
  readonly earlyHints: boolean
  /** Absolute. */
  readonly folders: readonly string[]
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
    manifest: options.manifest,
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
    : parseOptions<{ intervalMs?: number }>(value, { intervalMs: asCount }, where)

/** Logical paths, and where they answer: paths without the signs that Fastify's router gives a meaning. */
const asRootFiles: OptionParser<Required<FingerpostOptions>['rootFiles']> = (value, where) => {
  const files = isList(value) ? asListOf(asText)(value, where) : asRecord(value, where)
  for (const [url, path] of isList(files) ? files.map((file) => [`/${file}`, file]) : Object.entries(files)) {
    if (!/^\/[^:*?#]+$/.test(String(url))) throw wrongShape(url, where, 'paths such as /favicon.ico')
    asText(path, `${where} ${url}`)
  }
  return files as Required<FingerpostOptions>['rootFiles']
}

const TABLE: OptionTable<FingerpostOptions> = {
  root: asText,
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
  cache: orFalse(asCache),
}
