import { fileNameOf } from '../../core/path.ts'
import { claimedImageType, type ImageType, sniffImageType } from '../content/image.ts'
import { type DispositionType, formatDisposition } from './disposition.ts'

/** How a file is shown to a browser. */
export interface Presentation {
  readonly contentType: string
  readonly contentDisposition: string
}

/** What may be shown inside a page besides pictures made of pixels. */
export interface PresentationOptions {
  /** SVG, which may contain scripts; the Content-Security-Policy keeps them from running. Default false. */
  readonly inlineSvg?: boolean
}

/**
 * Pictures made of pixels are shown, if their bytes are what their name says. Everything else is saved to disk by the
 * browser, under its own name and of no type at all: nothing a visitor uploaded is ever run.
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
    contentType: type ?? 'application/octet-stream',
    contentDisposition: isInline ? 'inline' : formatDisposition('attachment', fileNameOf(name)),
  }
}

/** True if the first bytes are needed to decide: nothing else is ever shown. */
export function needsHead(name: string): boolean {
  return claimedImageType(name) !== undefined
}

function inlineType(name: string, head: Uint8Array, inlineSvg: boolean): ImageType | undefined {
  const claimed = claimedImageType(name)
  if (claimed === undefined || claimed !== sniffImageType(head)) return undefined
  return claimed !== 'image/svg+xml' || inlineSvg ? claimed : undefined
}
