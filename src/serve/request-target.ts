/**
 * The decoded path of a request target without its query, or undefined if it isn't properly percent-encoded UTF-8 or
 * has an {@link hasEncodedSlash encoded slash}. It is only ever compared with names (law 6): no dots are resolved and no slashes collapsed.
 *
 * Origin form and absolute form (RFC 9112 §3.2.1, §3.2.2).
 */
export function decodeTarget(target: string): string | undefined {
  if (hasEncodedSlash(target)) return undefined
  const query = target.indexOf('?')
  const whole = query === -1 ? target : target.slice(0, query)
  const path = whole.startsWith('/') ? whole : withoutAuthority(whole)
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
 * Whether the path spells a slash `%2F`. Fastify's router doesn't take that for a slash, so a route that guards
 * `/static/admin/*` would not see `/static/admin%2Fplan.pdf`. No name of a build needs it: such a path is answered 404.
 */
export function hasEncodedSlash(target: string): boolean {
  return target.includes('%') && /^[^?]*%2f/i.test(target)
}
