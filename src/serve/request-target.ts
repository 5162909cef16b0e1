/**
 * The decoded path of a request target without its query, or undefined if it isn't properly percent-encoded UTF-8.
 * It is only ever compared with names (law 6): no dots are resolved and no slashes collapsed.
 *
 * Origin form and absolute form (RFC 9112 §3.2.1, §3.2.2).
 */
export function decodeTarget(target: string): string | undefined {
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
