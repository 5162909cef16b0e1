import { NO_BODY, type RawHeaders, type Response } from './response.ts'

/** The methods assets answer to, as Allow lists them. */
export const ALLOWED_METHODS = 'GET, HEAD, OPTIONS'

/** Nothing that went wrong may be remembered: in a rolling deploy the next host may have the file. */
const UNCACHED = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'] as const

export const NOT_FOUND = failure(404, 'Not found')
export const METHOD_NOT_ALLOWED = failure(405, 'Method not allowed', ['Allow', ALLOWED_METHODS])
/** RFC 9110 §15.5.7: the client accepts neither an encoding there is nor the bytes as they are. */
export const NOT_ACCEPTABLE = failure(406, 'Not acceptable', ['Vary', 'Accept-Encoding'])
export const PRECONDITION_FAILED = failure(412, 'Precondition failed')
/** RFC 9110 §15.5.17; Content-Range is the asset's to add. */
export const RANGE_NOT_SATISFIABLE = failure(416, 'Range not satisfiable')
/** The file isn't what the manifest promises. What exactly is for the log, not for the client. */
export const UNAVAILABLE = failure(500, 'Not available')

/** The same without its body, for HEAD. */
export function withoutBody(response: Response): Response {
  return { ...response, body: NO_BODY }
}

/** The same with an asset's own headers before the general ones. */
export function withHeaders(response: Response, headers: RawHeaders): Response {
  return { ...response, headers: [...headers, ...response.headers] }
}

/** Leads from a folder's name to the folder, so that relative links in its index file hold. */
export function redirectTo(location: string, cacheControl: string): Response {
  const headers = ['Location', location, 'Cache-Control', cacheControl, 'Content-Length', '0']
  return { status: 301, headers, body: NO_BODY }
}

/** A redirect with the query that was asked with: a script of the page may go by it. Any other answer as it is. */
export function withQueryOf(target: string, response: Response): Response {
  if (response.status !== 301) return response
  const at = target.indexOf('?')
  if (at === -1) return response
  // What no URI may have unencoded comes from clients that don't care.
  const query = target.slice(at).replace(/[^!$-;=?-Z_a-z~[\]]/g, encodeURIComponent)
  const headers = response.headers.map((text, index, all) =>
    all[index - 1] === 'Location' ? text + query : text,
  )
  return { ...response, headers }
}

function failure(status: number, text: string, headers: RawHeaders = []): Response {
  const line = `${text}\n`
  const type = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(line.length)]
  return { status, headers: [...type, ...headers, ...UNCACHED], body: { kind: 'text', text: line } }
}
