import { ALLOWED_METHODS } from '../http/failure.ts'
import type { HeaderSettings } from '../http/header-rules.ts'
import { NO_BODY, type Response } from '../http/response.ts'

/** Headers that scripts may send to an asset from another origin: conditions and ranges, all that has an effect. */
const ALLOWED_HEADERS = 'Accept-Encoding, If-Match, If-None-Match, If-Range, Range'

/** Seconds a browser may remember the answer; they cap it at two hours themselves (Chromium) or a day (Firefox). */
const MAX_AGE_SECONDS = 7200

/** The answer to OPTIONS, a CORS preflight or not (Fetch §3.3.3). */
export function preflight({ cors }: HeaderSettings): Response {
  const allow = ['Allow', ALLOWED_METHODS, 'Cache-Control', 'no-store']
  if (cors === false) return { status: 204, headers: allow, body: NO_BODY }
  const access = [
    ...['Access-Control-Allow-Origin', cors],
    ...['Access-Control-Allow-Methods', ALLOWED_METHODS],
    ...['Access-Control-Allow-Headers', ALLOWED_HEADERS],
    ...['Access-Control-Max-Age', String(MAX_AGE_SECONDS)],
  ]
  return { status: 204, headers: [...allow, ...access], body: NO_BODY }
}
