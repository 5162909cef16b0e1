import { type PublicUrl, parsePublicUrl } from '../core/public-url.ts'

/** Where a build is served, and how its URLs begin. */
export interface Mount {
  /** The path of the route within the Fastify scope, with a slash at both ends: `/static/`. */
  readonly route: string
  /** The same as requests spell it, the scope's own prefix included. */
  readonly path: string
  /** What stands before a hashed path in a page: {@link path}, or the address of a CDN. */
  readonly url: string
}

/**
 * Places a build in an app.
 *
 * A build's url may name the whole path, so that references between files and pages agree, or only the part below the
 * scope it is registered in: with the scope at `/app`, both `/app/static/` and `/static/` are served at `/app/static/`.
 *
 * @param buildUrl the manifest's url
 * @param scope the prefix of the Fastify scope: '' or `/app`
 * @param prefix the option, with a slash at both ends; it places the route, and the URLs unless they are on a CDN
 */
export function mountAt(buildUrl: string, scope: string, prefix: string | undefined): Mount {
  const publicUrl = parsePublicUrl(buildUrl)
  const route = prefix ?? routeOf(publicUrl, scope)
  const path = scope + route
  return { route, path, url: publicUrl.origin === '' ? path : publicUrl.href }
}

function routeOf({ pathname }: PublicUrl, scope: string): string {
  return scope !== '' && pathname.startsWith(`${scope}/`) ? pathname.slice(scope.length) : pathname
}
