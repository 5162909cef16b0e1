import { encodePath } from '../core/path.ts'
import { type PublicUrl, parseServedUrl } from '../core/public-url.ts'

/** Where the plugin's own files are, below the mount. Sources do not use this name. */
export const OWN_FOLDER = '__fingerpost/'

/** Where a build is served, and how its URLs begin. */
export interface Mount {
  /** The path of the route within the Fastify scope, with a slash at both ends: `/static/`. */
  readonly route: string
  /** The path in requests, which includes the scope's prefix. */
  readonly path: string
  /** What precedes a hashed path in a page: {@link path}, or the address of a CDN. */
  readonly url: string
}

/**
 * Places a build in an app.
 *
 * A build's url may name the whole path, so that references between files and pages agree, or only the part below the
 * scope: in a scope at `/app`, both `/app/static/` and `/static/` are served at `/app/static/`.
 *
 * @param buildUrl the manifest's url
 * @param scope the prefix of the Fastify scope: '' or `/app`
 * @param prefix the option, with a slash at both ends; it places the route, and the URLs unless they are on a CDN
 */
export function mountAt(buildUrl: string, scope: string, prefix: string | undefined): Mount {
  const publicUrl = parseServedUrl(buildUrl)
  const route = prefix ?? routeOf(publicUrl, scope)
  const path = scope + route
  return { route, path, url: publicUrl.origin === '' ? path : publicUrl.href }
}

function routeOf({ pathname }: PublicUrl, scope: string): string {
  return scope !== '' && pathname.startsWith(`${scope}/`) ? pathname.slice(scope.length) : pathname
}

/**
 * The decoded path of a request target without its query (RFC 9112 §3.2.1, §3.2.2), or undefined if it is not
 * percent-encoded UTF-8 or has an {@link hasEncodedSlash encoded slash}. It is only compared with names (law 6): dots
 * are not resolved and slashes not collapsed.
 */
export function decodeTarget(target: string): string | undefined {
  if (hasEncodedSlash(target)) return undefined
  const path = pathOf(target)
  if (path === undefined || !path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

function withoutAuthority(absolute: string): string | undefined {
  const match = /^https?:\/\/[^/?#]*(\/.*)?$/i.exec(absolute)
  return match === null ? undefined : (match[1] ?? '/')
}

/**
 * Whether the path has a slash encoded as `%2F`. Fastify's router does not treat that as a slash, so a route that
 * guards `/static/admin/*` would not see `/static/admin%2Fplan.pdf`. No name of a build needs it: the answer is 404.
 */
export function hasEncodedSlash(target: string): boolean {
  return target.includes('%') && /^[^?]*%2f/i.test(target)
}

/**
 * Where to redirect a request that spells a name with other escapes than its URL. Fastify's router compares reserved
 * characters encoded and decodes them in the name: `/static/%40team/a.js` would pass a guard of `/static/@team/*`. So
 * every file answers under the one spelling that {@link encodePath} writes.
 *
 * @param mount the path below which names are, with a slash at both ends; what was sent for its parameters stays
 * @returns a path on this host; undefined if the name is spelled as in its URL
 */
export function canonicalPath(target: string, mount: string, name: string): string | undefined {
  if (!target.includes('%')) return undefined
  const segments =
    pathOf(target)
      ?.replace(/\/{2,}/g, '/')
      .split('/') ?? []
  const depth = mount.split('/').length - 1
  const encoded = encodePath(name)
  // Of bytes that are no ASCII the router decodes both `%c3` and `%C3`, so guards can't tell them apart.
  const sent = segments.slice(depth).join('/')
  if (sent.replace(/%[89a-f][0-9a-f]/gi, (byte) => byte.toUpperCase()) === encoded) return undefined
  return [...segments.slice(0, depth), encoded].join('/')
}

/** The path of a request target as it was sent, without authority and query (RFC 9112 §3.2). */
function pathOf(target: string): string | undefined {
  const query = target.indexOf('?')
  const whole = query === -1 ? target : target.slice(0, query)
  return whole.startsWith('/') ? whole : withoutAuthority(whole)
}
