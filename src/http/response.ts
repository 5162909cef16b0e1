import type { ContentCoding } from '../core/encoding.ts'
import type { ByteRange } from '../storage/storage.ts'

/** Alternating names and values, as `http.ServerResponse#writeHead` takes them: `['ETag', '"3f9a"', …]`. */
export type RawHeaders = readonly string[]

/** The file a body is read from. */
export interface BodyFile {
  /** Relative to the root of its source. */
  readonly path: string
  /** The folder of its build; undefined for the root of its source. */
  readonly folder?: string | undefined
  /** Identifies path and content: a later build may put other bytes under the same path. */
  readonly key: string
  readonly encoding: ContentCoding
  /** Bytes. */
  readonly size: number
  /** The entity tag without quotes. For files of a build, the digest of the bytes. */
  readonly etag: string
}

/** What follows the headers. */
export type Body =
  /** Nothing, whatever Content-Length says: the answer to HEAD, 304, 204. */
  | { readonly kind: 'none' }
  /** ASCII only. Node joins a string with the head into a single write; a buffer is a second one. */
  | { readonly kind: 'text'; readonly text: string }
  /** The whole file. */
  | { readonly kind: 'file'; readonly file: BodyFile }
  /** Ranges of the file, and between them the text that frames a multipart body. */
  | { readonly kind: 'parts'; readonly file: BodyFile; readonly parts: readonly (ByteRange | string)[] }

/** An answer as a value. Only `send` touches the connection (law 6). */
export interface Response {
  readonly status: number
  readonly headers: RawHeaders
  readonly body: Body
  /** Sent instead if the body's file cannot be read or is damaged. */
  readonly fallback?: Response | undefined
}

export const NO_BODY: Body = { kind: 'none' }

/** The methods assets answer to, as Allow lists them. */
const ALLOWED_METHODS = 'GET, HEAD, OPTIONS'

/** Failures are never cached: during a rolling deploy the next host may have the file. */
const UNCACHED = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'] as const

export const NOT_FOUND = failure(404, 'Not found')
export const METHOD_NOT_ALLOWED = failure(405, 'Method not allowed', ['Allow', ALLOWED_METHODS])
/** RFC 9110 §15.5.7: the client accepts neither an available encoding nor the identity. */
export const NOT_ACCEPTABLE = failure(406, 'Not acceptable', ['Vary', 'Accept-Encoding'])
/** The same for an asset with deltas. */
export const NO_DELTA_ACCEPTABLE = failure(406, 'Not acceptable', [
  ...['Vary', 'Accept-Encoding, Available-Dictionary'],
])
export const PRECONDITION_FAILED = failure(412, 'Precondition failed')
/** RFC 9110 §15.5.17. The responder adds Content-Range. */
export const RANGE_NOT_SATISFIABLE = failure(416, 'Range not satisfiable')
/** The file is damaged or cannot be read. Details go to the log, not to the client. */
export const UNAVAILABLE = failure(500, 'The file is temporarily unavailable')

/** A failure with a line of text. */
export function failure(status: number, text: string, headers: RawHeaders = []): Response {
  const line = `${text}\n`
  const type = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(line.length)]
  return { status, headers: [...type, ...headers, ...UNCACHED], body: { kind: 'text', text: line } }
}

/** The same without its body, for HEAD. */
export function withoutBody(response: Response): Response {
  return { ...response, body: NO_BODY }
}

/** The same with more headers, placed first. */
export function withHeaders(response: Response, headers: RawHeaders): Response {
  return { ...response, headers: [...headers, ...response.headers] }
}

/** Redirects from a folder's name to the folder, so that relative links in its index file resolve. */
export function redirectTo(location: string, cacheControl: string): Response {
  const headers = ['Location', location, 'Cache-Control', cacheControl, 'Content-Length', '0']
  return { status: 301, headers, body: NO_BODY }
}

/** Adds the query of the request to a redirect; scripts of the page may use it. Other answers are unchanged. */
export function withQueryOf(target: string, response: Response): Response {
  if (response.status !== 301) return response
  const at = target.indexOf('?')
  if (at === -1) return response
  // Clients may send characters that a URI must encode.
  const query = target.slice(at).replace(/[^!$-;=?-Z_a-z~[\]]/g, encodeURIComponent)
  const headers = response.headers.map((text, index, all) =>
    all[index - 1] === 'Location' ? text + query : text,
  )
  return { ...response, headers }
}

/** Request headers that scripts of another origin may send: conditions and ranges. */
const CORS_REQUEST_HEADERS = 'Accept-Encoding, If-Match, If-None-Match, If-Range, Range'

/** Seconds a browser may cache a preflight. Chromium caps it at two hours, Firefox at a day. */
const PREFLIGHT_MAX_AGE_SECONDS = 7200

/**
 * The answer to OPTIONS, whether a CORS preflight or not (Fetch §3.3.3).
 *
 * @param cors Access-Control-Allow-Origin; false for none
 */
export function preflight(cors: string | false): Response {
  const allow = ['Allow', ALLOWED_METHODS, 'Cache-Control', 'no-store']
  if (cors === false) return { status: 204, headers: allow, body: NO_BODY }
  const access = [
    ...['Access-Control-Allow-Origin', cors],
    ...['Access-Control-Allow-Methods', ALLOWED_METHODS],
    ...['Access-Control-Allow-Headers', CORS_REQUEST_HEADERS],
    ...['Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE_SECONDS)],
  ]
  return { status: 204, headers: [...allow, ...access], body: NO_BODY }
}
