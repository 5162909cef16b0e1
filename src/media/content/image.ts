import { extensionOf } from '../../core/path.ts'

/** Pictures made of pixels, which browsers only decode, never run. */
export type RasterType =
  | 'image/png'
  | 'image/jpeg'
  | 'image/gif'
  | 'image/webp'
  | 'image/avif'
  | 'image/bmp'
  | 'image/x-icon'

/** What an extension promises. SVG is a document that may contain scripts, hence apart from the others. */
export type ImageType = RasterType | 'image/svg+xml'

/** Bytes from the beginning of a file that suffice to recognise it. */
export const HEAD_BYTES = 1024

const BY_EXTENSION: Readonly<Record<string, ImageType>> = {
  '.png': 'image/png',
  '.apng': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.jfif': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.bmp': 'image/bmp',
  '.ico': 'image/x-icon',
  '.svg': 'image/svg+xml',
}

interface Signature {
  readonly type: RasterType
  readonly at: number
  readonly bytes: string
}

/** Latin-1 text of the first bytes (WHATWG MIME Sniffing §6.1). */
const SIGNATURES: readonly Signature[] = [
  { type: 'image/png', at: 0, bytes: '\x89PNG\r\n\x1a\n' },
  { type: 'image/jpeg', at: 0, bytes: '\xff\xd8\xff' },
  { type: 'image/gif', at: 0, bytes: 'GIF87a' },
  { type: 'image/gif', at: 0, bytes: 'GIF89a' },
  { type: 'image/webp', at: 8, bytes: 'WEBPVP' },
  { type: 'image/avif', at: 4, bytes: 'ftypavif' },
  { type: 'image/avif', at: 4, bytes: 'ftypavis' },
  { type: 'image/bmp', at: 0, bytes: 'BM' },
  { type: 'image/x-icon', at: 0, bytes: '\0\0\x01\0' },
]

/** The image type an extension promises, undefined for everything that claims to be no image. */
export function claimedImageType(name: string): ImageType | undefined {
  return BY_EXTENSION[extensionOf(name)]
}

/** The image type the first bytes show, undefined for anything else. */
export function sniffImageType(head: Uint8Array): ImageType | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, HEAD_BYTES)).toString(
    'latin1',
  )
  for (const { type, at, bytes } of SIGNATURES) {
    if (text.startsWith(bytes, at) && (at !== 8 || text.startsWith('RIFF'))) return type
  }
  return isSvg(text) ? 'image/svg+xml' : undefined
}

/** True unless the name promises an image and the bytes are something else. */
export function agreesWithName(name: string, head: Uint8Array): boolean {
  const claimed = claimedImageType(name)
  return claimed === undefined || claimed === sniffImageType(head)
}

/** An XML prologue of declaration, comments, processing instructions and doctype, then `<svg`. */
function isSvg(text: string): boolean {
  let rest = text.replace(/^\xef\xbb\xbf/, '').trimStart()
  for (;;) {
    const end = prologueEnd(rest)
    if (end === undefined) return /^<svg[\s>/]/i.test(rest)
    rest = rest.slice(end).trimStart()
  }
}

function prologueEnd(text: string): number | undefined {
  const close = text.startsWith('<!--')
    ? '-->'
    : text.startsWith('<?')
      ? '?>'
      : /^<!doctype/i.test(text)
        ? '>'
        : ''
  const index = close === '' ? -1 : text.indexOf(close)
  return index === -1 ? undefined : index + close.length
}
