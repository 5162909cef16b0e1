import type { Digester } from '../core/digest.ts'
import { LIMITS } from '../core/limit.ts'
import { type BodyCache, type CacheStats, createBodyCache } from '../http/body-cache.ts'
import type { OpenBody } from '../http/body-file.ts'
import { createAcceptEncodingParser } from '../http/negotiation.ts'
import { type RequestHeaders, type Responder, respond } from '../http/responder.ts'
import type { Response } from '../http/response.ts'
import type { LoadedManifest } from './manifest-file.ts'
import { createGeneration, type Generation, type GenerationParts } from './served-build.ts'

/** Counters since the start, for metrics. */
export interface StaticStats extends CacheStats {
  /** Assets in the current build. */
  readonly assets: number
  /** The current build's digest. */
  readonly digest: string
  /** Answers that failed because a file isn't what the manifest promises. */
  readonly damaged: number
  /** Builds that have taken the place of the one the server started with. */
  readonly reloads: number
}

/** A build being served. The build may change, the site stays. */
export interface Site {
  readonly cache: BodyCache
  /** What is being served now. */
  readonly current: Generation
  /**
   * The answer to a GET or HEAD for a request target as links of the build spell it; undefined for any other, and for
   * one that nobody has asked for yet: then its decoded name is to be asked for.
   */
  answerTarget(target: string, method: string, headers: RequestHeaders): Response | undefined
  /** The answer to a GET or HEAD for a decoded name; undefined where no build has such a name. */
  answer(name: string, method: string, headers: RequestHeaders): Response | undefined
  /** Takes a build into service, all at once. False if it is the one in service. */
  take(loaded: LoadedManifest): boolean
  countDamage(): void
  stats(): StaticStats
}

/** What a site stands on. */
export interface SiteParts extends GenerationParts {
  readonly open: OpenBody
  readonly digester: Digester
}

export function createSite(loaded: LoadedManifest, parts: SiteParts): Site {
  const cache = createBodyCache(parts.settings.cache, parts.open, parts.digester)
  const parseAccept = createAcceptEncodingParser()
  let current = createGeneration(loaded, parts)
  // Pages rendered before a deploy ask for old hashed names for a while after it.
  let earlier: readonly Generation[] = []
  let damaged = 0
  let reloads = 0

  const findEarlier = (name: string): Responder | undefined => {
    for (const generation of earlier) {
      const responder = generation.findHashed(name)
      if (responder !== undefined) return responder
    }
    return current.findRetired(name)
  }

  const answerWith = (responder: Responder, method: string, headers: RequestHeaders) =>
    respond(responder, method, headers, parseAccept(joined(headers['accept-encoding'])))

  return {
    cache,
    get current() {
      return current
    },
    answerTarget(target, method, headers) {
      const known = current.findTarget(target)
      return known && answerWith(known, method, headers)
    },
    answer(name, method, headers) {
      const found = current.find(name) ?? findEarlier(name) ?? current.findIndex(name)
      return found === undefined || 'status' in found ? found : answerWith(found, method, headers)
    },
    take(next) {
      if (next.textHash === current.textHash) return false
      earlier = [current, ...earlier].slice(0, LIMITS.servedEarlierBuilds)
      current = createGeneration(next, parts)
      reloads++
      return true
    },
    countDamage: () => void damaged++,
    stats() {
      const { assets, digest } = current.manifest
      return { assets: assets.size, digest, ...cache.stats(), damaged, reloads }
    },
  }
}

/** node:http joins repeated headers itself; HTTP/2 may leave a list. */
function joined(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ')
}
