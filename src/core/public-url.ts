import { FingerpostError } from './error.ts'

/** The `url` setting: where browsers find a build. */
export interface PublicUrl {
  /** As configured, with a trailing slash: `/static/`, `https://cdn.example/static/`. */
  readonly href: string
  /** `https://cdn.example` or `//cdn.example`; '' for a URL without a host. */
  readonly origin: string
  /** The path part, with a slash at both ends. */
  readonly pathname: string
}

/**
 * Reads the `url` setting: a path (`/static/`), an absolute http(s) URL or a protocol-relative one. Adds a missing
 * trailing slash.
 *
 * @throws FingerpostError `FP_CONFIG` for anything else, a query and a fragment
 */
export function parsePublicUrl(text: string): PublicUrl {
  const match = /^((?:https?:)?\/\/[^/?#\s]+)?(\/[^?#\s]*)?$/i.exec(text)
  const origin = match?.[1] ?? ''
  const path = match?.[2] ?? ''
  if (match === null || (origin === '' && path === '')) {
    throw new FingerpostError(
      'FP_CONFIG',
      `The public url ${JSON.stringify(text)} is neither a path nor an http(s) address.`,
      {
        remedy: 'Write a path such as /static/, or an address such as https://cdn.example.com/static/',
        details: { url: text },
      },
    )
  }
  const pathname = path.endsWith('/') ? path : `${path}/`
  return { href: origin + pathname, origin, pathname }
}

/**
 * The same for a path that is served: browsers must ask for it as it is written.
 *
 * @throws FingerpostError `FP_CONFIG` also for a path that they change, or that routes read otherwise
 */
export function parseServedUrl(text: string): PublicUrl {
  const url = parsePublicUrl(text)
  const fault = faultOf(url)
  if (fault === undefined) return url
  throw new FingerpostError('FP_CONFIG', `The public url ${JSON.stringify(text)} ${fault}.`, {
    remedy: 'Write the path as browsers request it, such as /static/',
    details: { url: text },
  })
}

function faultOf({ pathname, origin }: PublicUrl): string | undefined {
  if (/[/\\]\.{1,2}(?=[/\\])/.test(pathname)) return 'has . or .. in its path, which browsers resolve'
  if (pathname.includes('\\')) return 'has a backslash, which browsers turn into a slash'
  // On another host the path is only written, not routed.
  if (origin === '' && /[*:%]/.test(pathname))
    return 'has *, : or % in its path, which routes read in their own way'
  return undefined
}
