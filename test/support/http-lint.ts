import zlib, { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { parseHttpDate } from '../../src/http/precondition.ts'
import { type Message, valuesOf } from './http-message.ts'

/** Fields of which a message may have only one (RFC 9110, RFC 9111, RFC 6454). */
const SINGLE = [
  ...['access-control-allow-origin', 'age', 'content-encoding', 'content-length', 'content-location'],
  ...['content-range', 'content-type', 'cross-origin-resource-policy', 'date', 'etag', 'expires'],
  ...['last-modified', 'location', 'retry-after', 'server', 'x-content-type-options'],
]

/** The syntax of fields, as their RFCs have it. */
const SYNTAX: Readonly<Record<string, RegExp>> = {
  'accept-ranges': /^(bytes|none)$/,
  'access-control-allow-headers': /^[A-Za-z-]+(, [A-Za-z-]+)*$/,
  'access-control-allow-methods': /^[A-Z]+(, [A-Z]+)*$/,
  'access-control-allow-origin': /^(\*|null|https?:\/\/[^/\s]+)$/,
  'access-control-max-age': /^\d+$/,
  allow: /^[A-Z]+(, [A-Z]+)*$/,
  'cache-control': /^[a-z-]+(=\d+)?(, [a-z-]+(=\d+)?)*$/,
  'content-encoding': /^(br|gzip|zstd)$/,
  'content-length': /^\d+$/,
  'content-range': /^bytes (\d+-\d+|\*)\/\d+$/,
  connection: /^(close|keep-alive)$/,
  'cross-origin-resource-policy': /^(same-origin|same-site|cross-origin)$/,
  'keep-alive': /^timeout=\d+(, max=\d+)?$/,
  location: /^[!#-;=?-Z_a-z~%[\]@]+$/,
  'timing-allow-origin': /^(\*|https?:\/\/[^/\s]+(, https?:\/\/[^/\s]+)*)$/,
  'content-type': /^[a-z]+\/[a-z0-9.+-]+(; (charset=utf-8|boundary=[0-9a-f]{1,70}))?$/,
  etag: /^(W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/,
  vary: /^[A-Za-z-]+(, [A-Za-z-]+)*$/,
  'x-content-type-options': /^nosniff$/,
}

/** What must be the same in every answer about one representation (RFC 9110 §9.3.2, §15.3.7, §15.4.5). */
const SHARED = ['etag', 'cache-control', 'vary', 'last-modified', 'access-control-allow-origin', 'expires']

/**
 * What a checker that asks again (such as REDbot) would call bad in a 304, a part, or an answer to HEAD.
 *
 * @param whole the answer to GET with the same Accept-Encoding
 */
export function lintAgainst(method: string, message: Message, whole: Message): readonly string[] {
  const { status } = message
  if (status !== 304 && status !== 206 && !(status === 200 && method === 'HEAD')) return []
  const same = [...SHARED]
  if (status !== 304) same.push('content-encoding', 'accept-ranges', 'x-content-type-options')
  if (status === 200) same.push('content-length', 'content-type')
  return same.flatMap((name) => {
    const [ours, theirs] = [message, whole].map((each) => valuesOf(each, name).join(', '))
    return ours === theirs ? [] : [`${status} has ${name}: ${ours}, the whole has ${theirs}`]
  })
}

/**
 * What a checker of messages (such as httplint of REDbot) would call bad in an answer.
 *
 * @returns one line per fault; none for a good message
 */
export function lintMessage(method: string, message: Message): readonly string[] {
  return [...fieldFaults(message), ...statusFaults(method, message), ...bodyFaults(method, message)]
}

function* fieldFaults(message: Message): Generator<string> {
  for (const name of SINGLE)
    if (valuesOf(message, name).length > 1) yield `${name} stands there more than once`
  for (const [name, value] of message.fields) {
    const syntax = SYNTAX[name.toLowerCase()]
    if (syntax !== undefined && !syntax.test(value)) yield `${name}: ${value} is malformed`
  }
  const [date] = valuesOf(message, 'date')
  // RFC 9110 §6.6.1
  if (
    message.status >= 200 &&
    message.status < 500 &&
    message.status !== 400 &&
    parseHttpDate(date) === undefined
  )
    yield `Date is missing or malformed: ${date}`
  for (const modified of valuesOf(message, 'last-modified'))
    if ((parseHttpDate(modified) ?? Number.POSITIVE_INFINITY) > (parseHttpDate(date) ?? 0))
      yield 'Last-Modified is malformed or lies after Date (RFC 9110 §8.8.2.1)'
  if (valuesOf(message, 'transfer-encoding').length > 0 && valuesOf(message, 'content-length').length > 0)
    yield 'a length beside chunks (RFC 9112 §6.2)'
  const vary = valuesOf(message, 'vary').join(', ').toLowerCase().split(', ')
  if (new Set(vary).size !== vary.length) yield 'Vary says something twice'
  const directives = valuesOf(message, 'cache-control').join(', ').split(', ')
  if (new Set(directives).size !== directives.length) yield 'Cache-Control says something twice'
  if (directives.includes('no-store') && directives.some((each) => each.startsWith('max-age')))
    yield 'Cache-Control contradicts itself'
}

function* statusFaults(method: string, message: Message): Generator<string> {
  const { status } = message
  const has = (name: string) => valuesOf(message, name).length > 0
  if (status === 304) {
    // RFC 9110 §15.4.5
    for (const name of ['content-type', 'content-encoding', 'content-range', 'last-modified'])
      if (has(name) && name !== 'last-modified') yield `304 with ${name}`
    if (!has('etag') || !has('cache-control')) yield '304 without ETag or Cache-Control'
  }
  if (status === 204 && has('content-length')) yield '204 with Content-Length (RFC 9110 §8.6)'
  if (status === 206 && !has('content-range') && !isMultipart(message)) yield '206 without Content-Range'
  if (status === 206 && has('content-range') && isMultipart(message)) yield 'multipart with Content-Range'
  if (status !== 206 && status !== 416 && has('content-range')) yield `${status} with Content-Range`
  const [range = ''] = valuesOf(message, 'content-range')
  if (status === 206 && range.startsWith('bytes *')) yield '206 of no range'
  if (status === 416 && range !== '' && !range.startsWith('bytes */')) yield '416 with a range'
  if (status === 416 && !has('content-range')) yield '416 without Content-Range'
  if (status === 405 && !has('allow')) yield '405 without Allow'
  if (status >= 300 && status < 400 && status !== 304 && !has('location')) yield 'a redirect without Location'
  if (status >= 400 && has('etag')) yield 'an ETag of an error'
  if (status >= 400 && status !== 400 && !/no-store/.test(valuesOf(message, 'cache-control').join()))
    yield `${status} may be stored`
  if ((status === 200 || status === 206) && method !== 'OPTIONS')
    for (const name of ['etag', 'cache-control', 'content-type', 'content-length', 'accept-ranges'])
      if (!has(name)) yield `${status} without ${name}`
}

function* bodyFaults(method: string, message: Message): Generator<string> {
  const { status, body } = message
  if (method === 'HEAD' && body.length > 0) yield 'HEAD with a body'
  const [coding] = valuesOf(message, 'content-encoding')
  if (method === 'GET' && status === 200 && coding !== undefined) {
    try {
      if (coding === 'br') brotliDecompressSync(body)
      if (coding === 'gzip') gunzipSync(body)
      if (coding === 'zstd') zlib.zstdDecompressSync?.(body)
    } catch {
      yield `the body is not ${coding}`
    }
  }
  const [range = ''] = valuesOf(message, 'content-range')
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range)
  if (status === 206 && match !== null) {
    const [first, last, size] = match.slice(1).map(Number) as [number, number, number]
    if (first > last || last >= size || last - first + 1 !== body.length)
      yield `${range} has ${body.length} bytes`
  }
}

function isMultipart(message: Message): boolean {
  return valuesOf(message, 'content-type').some((type) => type.startsWith('multipart/byteranges'))
}
