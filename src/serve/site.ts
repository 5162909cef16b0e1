import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digester } from '../core/digest.ts'
import { FingerpostError } from '../core/error.ts'
import { groupBy } from '../core/group-by.ts'
import { findPathOf } from '../core/hashed-path.ts'
import { LIMITS } from '../core/limit.ts'
import { type Delta, isDictionary } from '../core/manifest/dictionaries.ts'
import type { ManifestAsset } from '../core/manifest/manifest.ts'
import { encodePath, fileNameOf } from '../core/path.ts'
import { parsePublicUrl } from '../core/public-url.ts'
import { type CacheStats, createBodyCache } from '../http/body-cache.ts'
import { createFileSource, createOpener } from '../http/body-source.ts'
import { formatUseAsDictionary } from '../http/dictionary.ts'
import { type CompiledRule, headersFor } from '../http/header-rules.ts'
import type { Log } from '../http/log.ts'
import type { Mount } from '../http/mount.ts'
import { createAcceptEncodingParser } from '../http/negotiation.ts'
import {
  createResponder,
  type RequestHeaders,
  type Responder,
  respond,
  type ServedAsset,
} from '../http/responder.ts'
import { type BodyFile, type Response, redirectTo } from '../http/response.ts'
import type { Sender } from '../http/send.ts'
import { assetOf, createManifestResolver } from '../resolve/manifest-resolver.ts'
import type { Resolver } from '../resolve/resolver.ts'
import type { LoadedManifest } from './manifest-source.ts'
import type { IndexFiles, ServeSettings } from './options.ts'
import { type InlineFiles, readInlineFiles } from './page/inline.ts'

/** Counters since the start, for metrics. */
export interface StaticStats extends CacheStats {
  /** Assets in the current build. */
  readonly assets: number
  /** The current build's digest. */
  readonly digest: string
  /** Answers that failed because a file is missing or damaged. */
  readonly damaged: number
  /** Builds taken into service since the start. */
  readonly reloads: number
}

/** What answers requests for files: a build, or in live mode the sources. */
export interface AnsweringSite {
  readonly sender: Sender
  /** The answer to a GET or HEAD for a decoded name; undefined for an unknown one. */
  answer(name: string, method: string, headers: RequestHeaders): Response | undefined
}

/** The build in service. Another may take its place; the site stays. */
export interface Site extends AnsweringSite {
  readonly current: ServedBuild
  /** Takes a build into service. False if it is the one in service. */
  take(loaded: LoadedManifest): boolean
  stats(): StaticStats
}

/** One build in service. Responders are made when their name is first asked for, so that a start prepares nothing. */
export interface ServedBuild extends LoadedManifest {
  readonly resolver: Resolver
  /** See the option. */
  readonly inline: InlineFiles
  /** By hashed and logical name; never more than the build and its history have. */
  readonly responders: Map<string, Responder>
  /** By hashed path. */
  readonly deltas: ReadonlyMap<string, readonly Delta[]>
}

/** What a site is made from. */
export interface SiteParts {
  readonly settings: ServeSettings
  readonly rules: readonly CompiledRule[]
  readonly mount: Mount
  readonly digester: Digester
  readonly log: Log
}

export function createSite(loaded: LoadedManifest, parts: SiteParts): Site {
  const { settings, mount } = parts
  const source = createFileSource(createOpener(settings.root), parts.digester)
  const cache = createBodyCache(settings.cache, source)
  const parseAccept = createAcceptEncodingParser()
  const faults = createFaultLog(parts.log)
  let current = serveBuild(loaded, parts)
  // Pages rendered before a deploy request hashed names of earlier builds for a while.
  let earlier: readonly ServedBuild[] = []
  let reloads = 0

  const { pathname } = parsePublicUrl(mount.url)
  /** Whether browsers may keep a file of the build as a dictionary, and for which. */
  const useOf = (path: string, asset: ServedAsset) => {
    const { dictionaries } = current
    if (dictionaries === undefined || !isDictionary(path, asset, dictionaries.minBytes)) return {}
    return { useAsDictionary: formatUseAsDictionary(pathname, path, asset.file) }
  }
  const deltasOf = ({ file, etag }: ServedAsset) => current.deltas.get(file)?.filter(({ to }) => to === etag)
  const remember = (
    { folder }: ServedBuild,
    name: string,
    asset: ServedAsset,
    path: string,
    hashed: boolean,
  ): Responder => {
    const headers = headersFor(path, hashed, settings, parts.rules)
    const isInForce = hashed && current.manifest.assets.get(path) === asset
    const responder = isInForce
      ? createResponder(asset, { ...headers, ...useOf(path, asset) }, folder, deltasOf(asset))
      : createResponder(asset, headers, folder)
    current.responders.set(name, responder)
    return responder
  }
  const findHashed = (build: ServedBuild, name: string): Responder | undefined => {
    const { assets } = build.manifest
    const path = findPathOf(name, assets)
    const asset = path === undefined ? undefined : assets.get(path)
    return path === undefined || asset === undefined ? undefined : remember(build, name, asset, path, true)
  }
  const findLogical = (name: string): Responder | undefined => {
    const asset = current.manifest.assets.get(name)
    return asset === undefined ? undefined : remember(current, name, asset, name, false)
  }
  const findEarlier = (name: string): Responder | undefined => {
    for (const build of earlier) {
      const responder = findHashed(build, name)
      if (responder !== undefined) return responder
    }
    const retired = current.retired.get(name)
    return retired === undefined ? undefined : remember(current, name, retired, retired.path, true)
  }
  const find = (name: string): Responder | undefined =>
    current.responders.get(name) ?? findHashed(current, name) ?? findLogical(name) ?? findEarlier(name)
  const indexOf = (name: string): Responder | Response | undefined => {
    const found = findIndex(name, settings, (path) => current.manifest.assets.has(path))
    return typeof found === 'string' ? find(found) : found
  }
  const answerWith = (responder: Responder, method: string, headers: RequestHeaders) =>
    respond(responder, method, headers, parseAccept(joined(headers['accept-encoding'])))

  return {
    sender: { cache, onFault: faults.report, stallMs: settings.stallSeconds * 1000 },
    get current() {
      return current
    },
    answer(name, method, headers) {
      const found = find(name) ?? indexOf(name)
      return found === undefined || 'status' in found ? found : answerWith(found, method, headers)
    },
    take(next) {
      if (next.textHash === current.textHash) return false
      const served = serveBuild(next, parts)
      earlier = [current, ...earlier].slice(0, LIMITS.servedEarlierBuilds)
      current = served
      faults.forget()
      reloads++
      return true
    },
    stats() {
      const { assets, digest } = current.manifest
      return { assets: assets.size, digest, ...cache.stats(), damaged: faults.count, reloads }
    },
  }
}

/** What decides about index files. */
export interface IndexRules {
  readonly index: IndexFiles
  readonly cacheControl: { readonly logical: string }
}

/**
 * What answers for a folder: the name of its index file, or a redirect if the slash is missing.
 *
 * @param exists true for a logical path that is served
 */
export function findIndex(
  name: string,
  { index: { file }, cacheControl }: IndexRules,
  exists: (path: string) => boolean,
): string | Response | undefined {
  if (file === undefined) return undefined
  if (name === '' || name.endsWith('/')) return name + file
  if (!exists(`${name}/${file}`)) return undefined
  return redirectTo(`./${encodePath(fileNameOf(name))}/`, cacheControl.logical)
}

/** @throws FingerpostError for a file of the option `inline` that is missing or does not work inside a page */
function serveBuild(loaded: LoadedManifest, { settings, mount }: SiteParts): ServedBuild {
  const { manifest, folder } = loaded
  const resolver = createManifestResolver(manifest, mount.url)
  const dictionaries = settings.dictionaries === false ? undefined : loaded.dictionaries
  return {
    ...loaded,
    dictionaries,
    deltas: groupBy(dictionaries?.deltas ?? [], ({ file }) => file),
    resolver,
    inline: readInlineFiles(settings.inline, resolver, (name) => readAsset(assetOf(manifest, name), folder)),
    responders: new Map(),
  }
}

/** Reads a small file when a build is taken into service. */
function readAsset({ file }: ManifestAsset, folder: string | undefined): Buffer {
  if (folder !== undefined) return readFileSync(join(folder, file))
  throw new FingerpostError(
    'FP_CONFIG',
    'The option inline needs the files of a build, not a remote manifest.',
  )
}

/** Counts every fault and logs each file once per build: a popular one would fill the disk with its log. */
function createFaultLog(log: Log) {
  const reported = new Set<string>()
  let count = 0
  return {
    get count() {
      return count
    },
    report(error: unknown, file: BodyFile | undefined) {
      count++
      const name = file?.path ?? ''
      if (reported.has(name) || reported.size >= LIMITS.damageReports) return
      reported.add(name)
      log.error(error)
    },
    forget: () => reported.clear(),
  }
}

/** node:http joins repeated headers itself; HTTP/2 may leave a list. */
function joined(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ')
}
