import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { type RASTER_IMAGES, RASTER_TYPES } from '../../core/media-type.ts'
import { extensionOf } from '../../core/path.ts'

/** What an extension promises. SVG is a document that may contain scripts, hence apart from raster images. */
export type ImageType = keyof typeof RASTER_IMAGES | 'image/svg+xml'

/** The first bytes as Latin-1 text (WHATWG MIME Sniffing §6.1). */
const SIGNATURES: readonly (readonly [type: ImageType, pattern: RegExp])[] = [
  ['image/png', /^\x89PNG\r\n\x1a\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF[\s\S]{4}WEBPVP/],
  ['image/bmp', /^BM/],
  ['image/x-icon', /^\0\0[\x01\x02]\0/],
]

/** The image type an extension promises, undefined for a name that promises no image. */
export function claimedImageType(name: string): ImageType | undefined {
  const extension = extensionOf(name)
  return extension === '.svg' ? 'image/svg+xml' : RASTER_TYPES.get(extension.slice(1))
}

/** A picture's name, then the variant's. */
const VARIANT_NAME = /^(.+)@[a-z][\w-]{0,31}\.\w+$/i

/** The name of the picture of which this may be a variant, whatever variants are made now. */
export function originalNameOf(name: string): string | undefined {
  const original = VARIANT_NAME.exec(name)?.[1]
  return original !== undefined && claimedImageType(original) !== undefined ? original : undefined
}

/** How many bytes from the beginning of a file decide about it. The root of an SVG may follow a long comment. */
export function headBytesOf(name: string): number {
  const type = claimedImageType(name)
  if (type === undefined) return 0
  return type === 'image/svg+xml' ? LIMITS.svgPrologueBytes : LIMITS.imageHeadBytes
}

/** The image type the first bytes show, undefined for anything else. */
export function sniffImageType(head: Uint8Array): ImageType | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  const start = bytes.toString('latin1', 0, LIMITS.imageHeadBytes)
  const found = SIGNATURES.find(([, pattern]) => pattern.test(start))
  if (found !== undefined) return found[0]
  if (hasAvifBrand(bytes)) return 'image/avif'
  return isSvg(decodeXml(bytes)) ? 'image/svg+xml' : undefined
}

/** True for the type itself and for its family: `image/png` is of the type `image/*`. */
export function isOfType(type: string, pattern: string): boolean {
  return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern.toLowerCase()
}

/** True unless the name promises an image and the bytes are something else. */
export function agreesWithName(name: string, head: Uint8Array): boolean {
  const claimed = claimedImageType(name)
  return claimed === undefined || claimed === sniffImageType(head)
}

/** The error for bytes that don't agree with their name. */
export function falseImage(name: string): FingerpostError {
  return new FingerpostError('FP_UPLOAD', `${JSON.stringify(name)} is not the kind of image its name says.`, {
    details: { name },
    statusCode: 400,
  })
}

/** The major brand of an AVIF may be that of a wider format, `mif1` say (ISO/IEC 14496-12 §4.3, AVIF §7). */
function hasAvifBrand(bytes: Buffer): boolean {
  if (bytes.length < 12 || bytes.toString('latin1', 4, 8) !== 'ftyp') return false
  // A size of 1 means that the real one follows in 64 bits.
  const brandsAt = bytes.readUInt32BE(0) === 1 ? 16 : 8
  const size =
    brandsAt === 16 && bytes.length >= 24 ? Number(bytes.readBigUInt64BE(8)) : bytes.readUInt32BE(0)
  const end = Math.min(size, bytes.length, LIMITS.imageHeadBytes)
  for (let at = brandsAt; at + 4 <= end; at += 4) {
    const isMinorVersion = at === brandsAt + 4
    if (!isMinorVersion && /^avi[fs]$/.test(bytes.toString('latin1', at, at + 4))) return true
  }
  return false
}

/** Only the encoding matters that decides where markup stands (XML 1.0 appendix F). */
function decodeXml(bytes: Buffer): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return bytes.toString('utf16le', 2)
  if (first === 0xfe && second === 0xff) {
    return Buffer.from(bytes.subarray(2, bytes.length & ~1))
      .swap16()
      .toString('utf16le')
  }
  return bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '')
}

/** Blanks, comments, processing instructions and a DOCTYPE (XML 1.0 §2.8), then `<svg`, perhaps with a prefix. */
function isSvg(text: string): boolean {
  for (let at = 0; ; ) {
    while (/\s/.test(text.charAt(at))) at++
    const end = endOfMarkup(text, at)
    if (end === undefined) return /^<(?:[\w.-]{1,100}:)?svg[\s>/]/i.test(text.slice(at, at + 120))
    at = end
  }
}

/** The index behind what may stand before the root element, undefined for anything else. */
function endOfMarkup(text: string, at: number): number | undefined {
  return /^<!doctype$/i.test(text.slice(at, at + 9)) ? endOfDoctype(text, at + 9) : endOfRemark(text, at)
}

/** The index behind a comment or a processing instruction. */
function endOfRemark(text: string, at: number): number | undefined {
  if (text.startsWith('<!--', at)) return indexAfter(text, '-->', at + 4)
  return text.startsWith('<?', at) ? indexAfter(text, '?>', at + 2) : undefined
}

/** A `>` may stand in the declarations between brackets, in quoted text and in comments. */
function endOfDoctype(text: string, start: number): number {
  let inSubset = false
  for (let at = start; at < text.length; ) {
    const character = text.charAt(at)
    if (character === '>' && !inSubset) return at + 1
    if (character === '[' || character === ']') inSubset = character === '['
    const isQuote = character === '"' || character === "'"
    at = isQuote ? indexAfter(text, character, at + 1) : (endOfRemark(text, at) ?? at + 1)
  }
  return text.length
}

/** What doesn't end in the text takes all of it. */
function indexAfter(text: string, end: string, from: number): number {
  const index = text.indexOf(end, from)
  return index === -1 ? text.length : index + end.length
}
