import { create } from 'content-disposition'
import { bareMediaType } from '../../core/media-type.ts'
import { asListOf, type OptionParser, wrongShape } from '../../core/option.ts'
import { fileNameOf } from '../../core/path.ts'
import { claimedImageType, isOfType, sniffImageType } from './image.ts'

/** Whether a browser shows a file or saves it (RFC 6266 §4.2). */
export type DispositionType = 'inline' | 'attachment'

/** The headers that decide how a browser treats a file. */
export interface Presentation {
  readonly contentType: string
  readonly contentDisposition: string
  /** Content-Security-Policy */
  readonly securityPolicy: string
}

/** What may be shown inside a page. */
export interface PresentationOptions {
  /** Types that a browser may show instead of saving. Default `['image/*']`: raster images. */
  readonly inline?: readonly string[]
  /** Adds `image/svg+xml` to `inline`. Default false. */
  readonly inlineSvg?: boolean
}

const UNTYPED = 'application/octet-stream'

/** No script, no other resource, an origin of its own. */
export const STRICT_POLICY = "default-src 'none'; sandbox"

/** The page that a browser makes around a film loads it from this origin; scripts stay forbidden. */
const PLAYER_POLICY = "default-src 'none'; media-src 'self'; sandbox allow-same-origin"

const INLINE_TYPE = /^(?:(?:image|video|audio)\/(?:\*|[\w.+-]+)|application\/pdf|text\/plain)$/

/** @throws FingerpostError `FP_CONFIG` for a type that a browser would run */
export const asInline: OptionParser<readonly string[]> = (value, where) =>
  asListOf((type, at) => {
    if (typeof type === 'string' && INLINE_TYPE.test(type)) return type
    throw wrongShape(type, at, 'image/*, video/*, audio/*, one of their types, application/pdf or text/plain')
  })(value, where)

/**
 * Types that only decoders read are shown inline, if the app allows them; an image only if its bytes match its name.
 * Everything else is a download of no particular type, so that a browser never runs what a visitor uploaded.
 *
 * @param head the first bytes of the file
 * @param wanted what a link asked for; a link can turn `inline` off, never on
 */
export function presentationOf(
  name: string,
  head: Uint8Array,
  options: PresentationOptions = {},
  wanted?: DispositionType,
): Presentation {
  const type = inlineType(name, head, options)
  const isInline = type !== undefined && wanted !== 'attachment'
  return {
    contentType: type === 'text/plain' ? 'text/plain; charset=utf-8' : (type ?? UNTYPED),
    contentDisposition: isInline ? 'inline' : formatDisposition('attachment', fileNameOf(name)),
    securityPolicy: /^(?:video|audio)\//.test(type ?? '') ? PLAYER_POLICY : STRICT_POLICY,
  }
}

/**
 * The Content-Type of what a browser uploads straight to an object store, which would serve an HTML file as HTML: only
 * raster images keep their type.
 */
export function storedTypeOf(name: string): string {
  const type = bareMediaType(name)
  return type.startsWith('image/') && type !== 'image/svg+xml' ? type : UNTYPED
}

/**
 * The value of Content-Disposition (RFC 6266). A name beyond plain ASCII is sent twice: `filename` for old readers and
 * `filename*` in UTF-8 (RFC 8187).
 *
 * @param filename without folders; left out, only the type is written
 */
export function formatDisposition(type: DispositionType, filename?: string): string {
  if (filename === undefined || filename === '') return type
  const name = filename.replace(/\p{Cs}/gu, '\uFFFD')
  // Some browsers decode a percent sign in `filename` (RFC 6266 appendix D); quotes and backslashes vary as well.
  const fallback = name.replace(/[^\x20-\x7e]/gu, '?').replace(/["\\/%]/g, '_')
  return create(name, { type, fallback })
}

function inlineType(name: string, head: Uint8Array, options: PresentationOptions): string | undefined {
  const { inline = ['image/*'], inlineSvg = false } = options
  const claimed = claimedImageType(name)
  const type = claimed ?? bareMediaType(name)
  if (claimed !== undefined && claimed !== sniffImageType(head)) return undefined
  if (type === 'image/svg+xml') return inlineSvg || inline.includes(type) ? type : undefined
  // A type that ends in +xml is a document, whatever its family.
  if (type.includes('+') || !INLINE_TYPE.test(type)) return undefined
  // An image whose first bytes aren't known is shown only if the app names its type.
  const isUnknownImage = claimed === undefined && type.startsWith('image/')
  const isAllowed = isUnknownImage ? inline.includes(type) : inline.some((each) => isOfType(type, each))
  return isAllowed ? type : undefined
}
