import type { Digester } from '../core/digest.ts'
import { lazily } from '../core/lazy.ts'
import type { Manifest } from '../core/manifest.ts'
import { createImportMap, formatImportMap, type ImportMapOptions } from '../resolve/import-map.ts'
import { createManifestResolver } from '../resolve/manifest-resolver.ts'
import type { Resolver } from '../resolve/resolver.ts'
import { type BodyCache, createBodyCache } from './body-cache.ts'
import type { OpenBody } from './body-file.ts'
import { type CompiledRule, headersFor } from './header-rules.ts'
import { createAcceptEncodingParser } from './negotiation.ts'
import type { ServeSettings } from './options.ts'
import { type RequestHeaders, respond } from './responder.ts'
import { ResponderTable } from './responder-table.ts'
import type { Response } from './response.ts'

/** Counters since the start, for metrics. */
export interface StaticStats {
  /** Assets in the current build. */
  readonly assets: number
  /** Bodies found in memory. */
  readonly hits: number
  /** Bodies that had to be read from disk. */
  readonly misses: number
  /** Bytes of bodies held in memory now. */
  readonly bytes: number
  /** Bodies held in memory now. */
  readonly bodies: number
}

/** A build being served. */
export interface Site {
  readonly cache: BodyCache
  /** Answers for the current build. */
  resolver(): Resolver
  /** The tag `<script type="importmap">`. */
  importMap(options?: ImportMapOptions): string
  /** The answer to a GET or HEAD for a decoded name; undefined where the build has no such name. */
  answer(name: string, method: string, headers: RequestHeaders): Response | undefined
  has(name: string): boolean
  stats(): StaticStats
}

/** What a site stands on. */
export interface SiteParts {
  readonly settings: ServeSettings
  readonly rules: readonly CompiledRule[]
  readonly open: OpenBody
  readonly digester: Digester
  /** What URLs begin with. */
  readonly url: string
}

export function createSite(manifest: Manifest, parts: SiteParts): Site {
  const { settings, rules, open, digester, url } = parts
  const cache = createBodyCache(settings.cache, open, digester)
  const parseAccept = createAcceptEncodingParser()
  const resolver = createManifestResolver(manifest, url)
  const wholeMap = lazily(() => createImportMap(manifest, resolver))
  const table = new ResponderTable(manifest, (path, hashed) =>
    headersFor(path, hashed, settings.headers, rules),
  )
  return {
    cache,
    resolver: () => resolver,
    importMap: ({ nonce, entries } = {}) =>
      formatImportMap(
        entries === undefined ? wholeMap() : createImportMap(manifest, resolver, entries),
        nonce,
      ),
    answer(name, method, headers) {
      const responder = table.find(name)
      if (responder === undefined) return undefined
      return respond(responder, method, headers, parseAccept(joined(headers['accept-encoding'])))
    },
    has: (name) => table.find(name) !== undefined,
    stats: () => ({ assets: manifest.assets.size, ...cache.stats() }),
  }
}

/** node:http joins repeated headers itself; HTTP/2 may leave a list. */
function joined(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ')
}
