import { create } from 'content-disposition'
import { bareMediaType } from '../../core/media-type.ts'
import { fileNameOf } from '../../core/path.ts'
import { claimedImageType, type ImageType, sniffImageType } from './image.ts'

/** Whether a browser shows a file or saves it (RFC 6266 §4.2). */
export type DispositionType = 'inline' | 'attachment'

/** The headers that decide how a browser treats a file. */
export interface Presentation {
  readonly contentType: string
  readonly contentDisposition: string
}

/** What may be shown inside a page besides raster images. */
export interface PresentationOptions {
  /** SVG, which may contain scripts; the Content-Security-Policy keeps them from running. Default false. */
  readonly inlineSvg?: boolean
}

const UNTYPED = 'application/octet-stream'

/**
 * Raster images are shown inline if their bytes match their name. Everything else is a download of no particular type,
 * so that a browser never runs what a visitor uploaded.
 *
 * @param head the first bytes of the file
 * @param wanted what a link asked for; a link can turn `inline` off, never on
 */
export function presentationOf(
  name: string,
  head: Uint8Array,
  { inlineSvg = false }: PresentationOptions = {},
  wanted?: DispositionType,
): Presentation {
  const type = inlineType(name, head, inlineSvg)
  const isInline = type !== undefined && wanted !== 'attachment'
  return {
    contentType: type ?? UNTYPED,
    contentDisposition: isInline ? 'inline' : formatDisposition('attachment', fileNameOf(name)),
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

function inlineType(name: string, head: Uint8Array, inlineSvg: boolean): ImageType | undefined {
  const claimed = claimedImageType(name)
  if (claimed === undefined || claimed !== sniffImageType(head)) return undefined
  return claimed !== 'image/svg+xml' || inlineSvg ? claimed : undefined
}
