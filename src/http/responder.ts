import { type ContentCoding, DELTA_ENCODINGS, ENCODINGS, variantPath } from '../core/encoding.ts'
import { lazily } from '../core/lazy.ts'
import { type Delta, deltaPath } from '../core/manifest/dictionaries.ts'
import type { ManifestAsset } from '../core/manifest/manifest.ts'
import { parseAvailableDictionary } from './dictionary.ts'
import { chooseVariant, compareVariants, type Preferences, rankOf } from './negotiation.ts'
import { allowsRange, type ConditionalHeaders, evaluatePreconditions } from './precondition.ts'
import { createMultipart, formatContentRange, lengthOf, parseRange } from './range.ts'
import {
  type BodyFile,
  NO_BODY,
  NO_DELTA_ACCEPTABLE,
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
  readonly 'available-dictionary'?: string | string[] | undefined
}

/** The prepared answers of one URL; a request only selects among them. */
export interface Responder extends Choice {
  /** What else there is to choose from with a dictionary, by its SHA-256 in base64. */
  readonly byDictionary: ReadonlyMap<string, () => Choice>
  readonly modifiedAtMs: number | undefined
}

/** Variants to choose from. */
interface Choice {
  /** Smallest first. */
  readonly variants: readonly PreparedVariant[]
  /** Their encodings, for `chooseVariant`. */
  readonly ranks: readonly number[]
}

/** One encoding of an asset with all answers that can be prepared. */
export interface PreparedVariant {
  readonly encoding: ContentCoding
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
  /** Use-As-Dictionary, of 200 alone. */
  readonly useAsDictionary?: string | undefined
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
 * @param deltas of the asset; they are prepared when they are first asked for
 */
export function createResponder(
  asset: ServedAsset,
  headers: AssetHeaders,
  folder?: string,
  deltas: readonly Delta[] = [],
): Responder {
  const files = encodedFilesOf(asset)
  const vary = [
    ...(files.length > 0 ? ['Accept-Encoding'] : []),
    ...(deltas.length > 0 ? ['Available-Dictionary'] : []),
    ...headers.vary,
  ]
  const type = headers.type ?? asset.type
  const prepareFile = (file: BodyFile) => prepare({ ...file, folder }, type, headers, vary)
  const identity = prepareFile(identityFileOf(asset))
  // A later build with other encoder settings may replace a precompressed file; the identity is still there.
  const prepareEncoded = (file: BodyFile): PreparedVariant => {
    const variant = prepareFile(file)
    return { ...variant, whole: { ...variant.whole, fallback: identity.whole } }
  }
  const plain = [...files.map(prepareEncoded), identity]
  const withDelta = (delta: Delta) => orderVariants([...deltaFilesOf(delta).map(prepareEncoded), ...plain])
  const byDictionary = new Map(deltas.map((delta) => [delta.dictionary, lazily(() => withDelta(delta))]))
  return { ...orderVariants(plain), byDictionary, modifiedAtMs: headers.modifiedAtMs }
}

function orderVariants(unordered: readonly PreparedVariant[]): Choice {
  const variants = [...unordered].sort(compareVariants)
  return { variants, ranks: variants.map(({ encoding }) => rankOf(encoding)) }
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
  const { byDictionary, modifiedAtMs } = responder
  const { variants, ranks } = byDictionary.size === 0 ? responder : choiceFor(responder, headers)
  const variant = variants[chooseVariant(ranks, preferences)] ?? onlyVariant(variants)
  if (variant === undefined) {
    const refusal = byDictionary.size === 0 ? NOT_ACCEPTABLE : NO_DELTA_ACCEPTABLE
    return method === 'HEAD' ? withoutBody(refusal) : refusal
  }
  const verdict = evaluatePreconditions(headers, { etag: variant.etag, modifiedAtMs })
  if (verdict === 'not-modified') return variant.notModified
  if (verdict === 'failed') return method === 'HEAD' ? withoutBody(variant.failed) : variant.failed
  // RFC 9110 §14.2: Range is defined for GET alone.
  if (method === 'HEAD') return variant.head
  const { range } = headers
  if (range === undefined || !allowsRange(headers['if-range'], variant.etag)) return variant.whole
  return respondWithRange(variant, range)
}

/** A range never is one of a delta: only who has all of it can decode it. */
function choiceFor(responder: Responder, headers: RequestHeaders): Choice {
  const dictionary = headers['available-dictionary']
  if (dictionary === undefined || headers.range !== undefined) return responder
  return responder.byDictionary.get(parseAvailableDictionary(dictionary) ?? '')?.() ?? responder
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

function deltaFilesOf(delta: Delta): readonly BodyFile[] {
  return DELTA_ENCODINGS.flatMap((encoding) => {
    const variant = delta.encodings[encoding]
    if (variant === undefined) return []
    return [bodyFile(deltaPath(delta, encoding), encoding, variant.size, variant.etag)]
  })
}

function bodyFile(path: string, encoding: ContentCoding, size: number, etag: string): BodyFile {
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
  const use = headers.useAsDictionary
  const dictionary = use === undefined ? [] : ['Use-As-Dictionary', use]
  const complete = ['Content-Type', type, 'Content-Length', String(size), ...partial, ...dictionary]
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
