import { ENCODINGS, type VariantEncoding, variantPath } from '../core/encoding.ts'
import type { ManifestAsset } from '../core/manifest/manifest.ts'
import { chooseVariant, compareVariants, type Preferences, rankOf } from './negotiation.ts'
import { allowsRange, type ConditionalHeaders, evaluatePreconditions } from './precondition.ts'
import { createMultipart, formatContentRange, lengthOf, parseRange } from './range.ts'
import {
  type BodyFile,
  NO_BODY,
  NOT_ACCEPTABLE,
  PRECONDITION_FAILED,
  RANGE_NOT_SATISFIABLE,
  type RawHeaders,
  type Response,
  withHeaders,
  withoutBody,
} from './response.ts'

/** Request headers that an answer depends on. */
export interface RequestHeaders extends ConditionalHeaders {
  readonly 'accept-encoding'?: string | string[] | undefined
  readonly range?: string | undefined
}

/** The prepared answers of one URL; a request only selects among them. */
export interface Responder {
  /** Smallest first. */
  readonly variants: readonly PreparedVariant[]
  /** Their encodings, for `chooseVariant`. */
  readonly ranks: readonly number[]
  readonly modifiedAtMs: number | undefined
}

/** One encoding of an asset with all answers that can be prepared. */
export interface PreparedVariant {
  readonly encoding: VariantEncoding
  /** Bytes. */
  readonly size: number
  /** Strong, with its quotes. */
  readonly etag: string
  readonly file: BodyFile
  readonly whole: Response
  readonly head: Response
  readonly notModified: Response
  /** RFC 9110 §15.5.17 */
  readonly unsatisfiable: Response
  readonly failed: Response
  /** Headers of partial answers: those of {@link whole} without Content-Length and Content-Type. */
  readonly partial: RawHeaders
  readonly type: string
}

/** Headers of an asset beside those of its representation. */
export interface AssetHeaders {
  readonly cacheControl: string
  /** Of every answer, 304 included: CORS and the like. */
  readonly always: RawHeaders
  /** Of answers with content. */
  readonly content: RawHeaders
  /** Content-Type in place of the asset's. */
  readonly type?: string | undefined
  /** Further fields of Vary. */
  readonly vary: readonly string[]
  readonly modifiedAtMs?: number | undefined
}

/** What is served of an asset; of an upload, too. */
export type ServedAsset = Pick<ManifestAsset, 'file' | 'type' | 'size' | 'etag' | 'encodings'>

/**
 * Prepares all answers for one URL of an asset.
 *
 * @param folder of the build, if its files are not at the root of their source
 */
export function createResponder(asset: ServedAsset, headers: AssetHeaders, folder?: string): Responder {
  const placed = (file: BodyFile): BodyFile => ({ ...file, folder })
  const files = encodedFilesOf(asset).map(placed)
  const vary = files.length > 0 ? ['Accept-Encoding', ...headers.vary] : headers.vary
  const type = headers.type ?? asset.type
  const identity = prepare(placed(identityFileOf(asset)), type, headers, vary)
  const encoded = files.map((file) => prepare(file, type, headers, vary))
  // A later build with other encoder settings may replace a precompressed file; the identity is still there.
  const safe = encoded.map((variant) => ({
    ...variant,
    whole: { ...variant.whole, fallback: identity.whole },
  }))
  const variants = [...safe, identity].sort(compareVariants)
  const ranks = variants.map(({ encoding }) => rankOf(encoding))
  return { variants, ranks, modifiedAtMs: headers.modifiedAtMs }
}

/**
 * The answer to a GET or HEAD.
 *
 * @param preferences the client's Accept-Encoding, parsed
 */
export function respond(
  responder: Responder,
  method: string,
  headers: RequestHeaders,
  preferences: Preferences,
): Response {
  const { variants, ranks, modifiedAtMs } = responder
  const variant = variants[chooseVariant(ranks, preferences)] ?? onlyVariant(variants)
  if (variant === undefined) return method === 'HEAD' ? withoutBody(NOT_ACCEPTABLE) : NOT_ACCEPTABLE
  const verdict = evaluatePreconditions(headers, { etag: variant.etag, modifiedAtMs })
  if (verdict === 'not-modified') return variant.notModified
  if (verdict === 'failed') return method === 'HEAD' ? withoutBody(variant.failed) : variant.failed
  // RFC 9110 §14.2: Range is defined for GET alone.
  if (method === 'HEAD') return variant.head
  const { range } = headers
  if (range === undefined || !allowsRange(headers['if-range'], variant.etag)) return variant.whole
  return respondWithRange(variant, range)
}

function respondWithRange(variant: PreparedVariant, header: string): Response {
  const { file, size, partial, type } = variant
  const { fallback } = variant.whole
  const request = parseRange(header, size)
  switch (request.kind) {
    case 'whole':
      return variant.whole
    case 'unsatisfiable':
      return variant.unsatisfiable
    case 'part': {
      const { range } = request
      const own = ['Content-Type', type, 'Content-Length', String(lengthOf(range))]
      const headers = [...own, 'Content-Range', formatContentRange(range, size), ...partial]
      return { status: 206, headers, body: { kind: 'parts', file, parts: [range] }, fallback }
    }
    case 'parts': {
      const { contentType, length, parts } = createMultipart(request.ranges, type, size)
      const headers = ['Content-Type', contentType, 'Content-Length', String(length), ...partial]
      return { status: 206, headers, body: { kind: 'parts', file, parts }, fallback }
    }
    default:
      return request satisfies never
  }
}

/** Without a choice there is no negotiation: a client that refuses everything gets the only variant. */
function onlyVariant(variants: readonly PreparedVariant[]): PreparedVariant | undefined {
  return variants.length === 1 ? variants[0] : undefined
}

function identityFileOf({ file, size, etag }: ServedAsset): BodyFile {
  return bodyFile(file, 'identity', size, etag)
}

function encodedFilesOf({ file, encodings }: ServedAsset): readonly BodyFile[] {
  return ENCODINGS.flatMap((encoding) => {
    const variant = encodings[encoding]
    if (variant === undefined) return []
    return [bodyFile(variantPath(file, encoding), encoding, variant.size, variant.etag)]
  })
}

function bodyFile(path: string, encoding: VariantEncoding, size: number, etag: string): BodyFile {
  return { path, key: `${path} ${etag}`, encoding, size, etag }
}

function prepare(
  file: BodyFile,
  type: string,
  headers: AssetHeaders,
  vary: readonly string[],
): PreparedVariant {
  const { encoding, size } = file
  const etag = `"${file.etag}"`
  // RFC 9110 §15.4.5: a 304 carries these if the 200 would, and nothing that describes content.
  const validation = ['Cache-Control', headers.cacheControl, 'ETag', etag]
  if (headers.modifiedAtMs !== undefined)
    validation.push('Last-Modified', new Date(headers.modifiedAtMs).toUTCString())
  const selection = vary.length > 0 ? ['Vary', vary.join(', ')] : []
  const common = [...selection, ...headers.always]
  const shared = [...validation, ...common]
  const coding = encoding === 'identity' ? [] : ['Content-Encoding', encoding]
  const partial = [...coding, ...shared, 'Accept-Ranges', 'bytes', ...headers.content]
  const complete = ['Content-Type', type, 'Content-Length', String(size), ...partial]
  return {
    encoding,
    size,
    etag,
    file,
    type,
    partial,
    whole: { status: 200, headers: complete, body: { kind: 'file', file } },
    head: { status: 200, headers: complete, body: NO_BODY },
    notModified: { status: 304, headers: shared, body: NO_BODY },
    unsatisfiable: withHeaders(RANGE_NOT_SATISFIABLE, ['Content-Range', `bytes */${size}`, ...common]),
    failed: withHeaders(PRECONDITION_FAILED, common),
  }
}
