import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import { FingerpostError } from '../core/error.ts'

/**
 * The schema of a route that OpenAPI doesn't list, as @fastify/static's aren't. `hide` is @fastify/swagger's own. A new one
 * for each route, because Fastify marks what it has read.
 */
export function hiddenSchema(): FastifySchema {
  return { hide: true } as FastifySchema
}

/**
 * Adds a route. Fastify's own error for a path that is taken names neither plugin.
 *
 * @throws FingerpostError `FP_CONFIG` where another plugin has the path
 */
export function addRoute(app: FastifyInstance, route: RouteOptions): void {
  try {
    app.route(route)
  } catch (cause) {
    if ((cause as { readonly code?: string }).code !== 'FST_ERR_DUPLICATED_ROUTE') throw cause
    throw alreadyServed(app.prefix + route.url, cause)
  }
}

/**
 * Refuses plugins that come later and read the same path. Another host may have it.
 *
 * @param url with the scope's prefix: `/static/*`
 */
export function reserveRoute(app: FastifyInstance, url: string): void {
  app.addHook('onRoute', (route) => {
    if (route.url === url && route.constraints === undefined && [route.method].flat().includes('GET'))
      throw alreadyServed(url)
  })
}

function alreadyServed(url: string, cause?: unknown): FingerpostError {
  return new FingerpostError('FP_CONFIG', `Another plugin already serves ${url}.`, {
    remedy:
      'Give one of them another path: prefix of fingerpost, url of media, or prefix of @fastify/static.',
    cause,
  })
}
