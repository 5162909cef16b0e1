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
