/** An entity tag as sent: `"3f9a"`, or `W/"3f9a"` for a weak one (RFC 9110 §8.8.3). */
export type EntityTag = string

/** The value of If-Match or If-None-Match: any representation, or one of a list. */
export type EntityTagList = '*' | readonly EntityTag[]

/** Conditional request headers, as node:http names them. */
export interface ConditionalHeaders {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: string | undefined
  readonly 'if-modified-since'?: string | undefined
  readonly 'if-unmodified-since'?: string | undefined
  readonly 'if-range'?: string | undefined
}

/** What a representation is compared by. */
export interface Validators {
  readonly etag: EntityTag
  /** Milliseconds since 1970, a whole second; absent if the time of the last change is unknown. */
  readonly modifiedAtMs?: number | undefined
}

/** How to continue: with the representation, with 304 or with 412. */
export type Verdict = 'proceed' | 'not-modified' | 'failed'

/**
 * Evaluates conditions in the order of RFC 9110 §13.2.2, for GET and HEAD. Step 5, If-Range, is
 * {@link allowsRange}. Dates count only where the representation has one (§13.1.3, §13.1.4).
 */
export function evaluatePreconditions(headers: ConditionalHeaders, validators: Validators): Verdict {
  const { etag, modifiedAtMs } = validators
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  // §13.2.2 steps 1 and 2
  if (ifMatch !== undefined) {
    if (!matchesStrongly(parseEntityTags(ifMatch), etag)) return 'failed'
  } else if (modifiedAtMs !== undefined && isBefore(headers['if-unmodified-since'], modifiedAtMs)) {
    return 'failed'
  }
  // §13.2.2 steps 3 and 4
  if (ifNoneMatch !== undefined)
    // Usually it is the one tag that was sent before.
    return ifNoneMatch === etag || matchesWeakly(parseEntityTags(ifNoneMatch), etag)
      ? 'not-modified'
      : 'proceed'
  if (modifiedAtMs === undefined) return 'proceed'
  return isNotBefore(headers['if-modified-since'], modifiedAtMs) ? 'not-modified' : 'proceed'
}

/**
 * Whether a Range may be answered with a part: true without If-Range, or if it matches the selected representation
 * (strong comparison, RFC 9110 §13.1.5). A date never matches: a file may change twice within a second.
 */
export function allowsRange(ifRange: string | undefined, etag: EntityTag): boolean {
  return ifRange === undefined || ifRange.trim() === etag
}

const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/gy

/**
 * Reads a list of entity tags. Reading stops at the first malformed member; tags before it count, since a client that
 * names our tag has our bytes.
 */
export function parseEntityTags(value: string): EntityTagList {
  if (value.trim() === '*') return '*'
  const tags: EntityTag[] = []
  let at = 0
  while (at < value.length) {
    at = skipSeparators(value, at)
    TAG.lastIndex = at
    const match = TAG.exec(value)
    if (match === null) break
    tags.push(match[0])
    at = TAG.lastIndex
  }
  return tags
}

/** Strong comparison: equal and neither is weak (RFC 9110 §8.8.3.2). */
function matchesStrongly(list: EntityTagList, tag: EntityTag): boolean {
  return list === '*' || (!tag.startsWith('W/') && list.includes(tag))
}

/** Weak comparison: equal except for the weakness mark (RFC 9110 §8.8.3.2). */
function matchesWeakly(list: EntityTagList, tag: EntityTag): boolean {
  return list === '*' || list.some((entry) => opaque(entry) === opaque(tag))
}

function opaque(tag: EntityTag): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

function skipSeparators(value: string, from: number): number {
  let at = from
  while (at < value.length && ' \t,'.includes(value.charAt(at))) at++
  return at
}

function isBefore(header: string | undefined, modifiedAtMs: number): boolean {
  const date = parseHttpDate(header)
  return date !== undefined && date < modifiedAtMs
}

function isNotBefore(header: string | undefined, modifiedAtMs: number): boolean {
  const date = parseHttpDate(header)
  return date !== undefined && date >= modifiedAtMs
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
const IMF_FIXDATE = /^\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
const RFC850_DATE = /^\w{6,9}, (\d\d)-(\w{3})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/
const ASCTIME_DATE = /^\w{3} (\w{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/**
 * Reads an HTTP-date in any form of RFC 9110 §5.6.7; undefined for anything else, which a recipient ignores.
 *
 * @returns milliseconds since 1970
 */
export function parseHttpDate(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  const imf = IMF_FIXDATE.exec(text)
  if (imf !== null) return toTime(imf[3], imf[2], imf[1], imf.slice(4))
  const rfc850 = RFC850_DATE.exec(text)
  if (rfc850 !== null) return toTime(fullYear(rfc850[3]), rfc850[2], rfc850[1], rfc850.slice(4))
  const asctime = ASCTIME_DATE.exec(text)
  if (asctime !== null) return toTime(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6))
  return undefined
}

function toTime(
  year = '',
  month = '',
  day = '',
  clock: readonly (string | undefined)[] = [],
): number | undefined {
  const index = MONTHS.indexOf(month)
  const [hour = 0, minute = 0, second = 0] = clock.map(Number)
  if (index % 3 !== 0 || Number(day) < 1 || Number(day) > 31 || hour > 23 || minute > 59 || second > 60)
    return undefined
  return Date.UTC(Number(year), index / 3, Number(day), hour, minute, second)
}

/** The year of an RFC 850 date, which has two digits: 70–99 are 19xx. Files of the web need no rule of fifty years. */
function fullYear(digits = ''): string {
  return Number(digits) >= 70 ? `19${digits}` : `20${digits}`
}
