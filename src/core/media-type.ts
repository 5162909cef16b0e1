import { mimes } from 'mrmime'
import { extensionOf, type LogicalPath } from './path.ts'

const FALLBACK = 'application/octet-stream'

/** Raster images, which browsers decode and never run, with all their extensions. */
export const RASTER_IMAGES = {
  'image/png': ['png', 'apng'],
  'image/jpeg': ['jpg', 'jpeg', 'jfif', 'jpe', 'jif', 'jfi', 'pjpeg', 'pjp'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/avif': ['avif', 'avifs'],
  'image/bmp': ['bmp', 'dib'],
  'image/x-icon': ['ico', 'cur'],
} as const

/** A raster image's type by its extension without the dot: PNG for an animated one, too. */
export const RASTER_TYPES: ReadonlyMap<string, keyof typeof RASTER_IMAGES> = new Map(
  (Object.keys(RASTER_IMAGES) as (keyof typeof RASTER_IMAGES)[]).flatMap((type) =>
    RASTER_IMAGES[type].map((extension) => [extension, type]),
  ),
)

/** Types that mrmime lacks or that newer standards changed (RFC 9239 for JavaScript, RFC 8081 for fonts). */
const OVERRIDES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.cjs': 'text/javascript',
  '.map': 'application/json',
  '.flac': 'audio/flac',
  '.m4v': 'video/mp4',
  '.mkv': 'video/matroska',
  '.avi': 'video/x-msvideo',
  '.eot': 'application/vnd.ms-fontobject',
  '.ttf': 'font/ttf',
  '.otf': 'font/otf',
  '.webmanifest': 'application/manifest+json',
}

/** Text types whose name doesn't begin with `text/`. */
const TEXT_TYPES = new Set([
  'application/json',
  'application/xml',
  'application/manifest+json',
  'image/svg+xml',
])

/** Binary types that compress well: uncompressed images, fonts and others. */
const SHRINKING_TYPES = new Set([
  'image/x-icon',
  'image/vnd.microsoft.icon',
  'image/bmp',
  'image/x-ms-bmp',
  'font/ttf',
  'font/otf',
  'font/collection',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/rtf',
  FALLBACK,
])

/** Extensions of compressed formats without a media type of their own. */
const COMPRESSED_EXTENSIONS = new Set([
  ...'.br .gz .zst .zip .7z .rar .bz2 .xz .lz .lz4 .lzma .tgz .tbz .txz'.split(' '),
  ...'.jar .apk .deb .rpm .dmg .iso .cab .crx .xpi .epub .docx .xlsx .pptx'.split(' '),
])

/** The media type of a file by its extension, without parameters: `text/css`. */
export function bareMediaType(path: LogicalPath): string {
  // iOS requires it, and the name has no extension.
  if (path.endsWith('apple-app-site-association')) return 'application/json'
  const extension = extensionOf(path)
  const bare = extension.slice(1)
  return OVERRIDES[extension] ?? mimes[bare] ?? RASTER_TYPES.get(bare) ?? FALLBACK
}

/** The value of Content-Type: the media type, with `charset=utf-8` for text. */
export function mediaType(path: LogicalPath): string {
  const type = bareMediaType(path)
  return isTextType(type) ? `${type}; charset=utf-8` : type
}

/** False for formats that are compressed already: most images, woff and woff2, audio, video, archives. */
export function isCompressible(path: LogicalPath): boolean {
  if (COMPRESSED_EXTENSIONS.has(extensionOf(path))) return false
  const type = bareMediaType(path)
  return isTextType(type) || SHRINKING_TYPES.has(type) || type.endsWith('+json') || type.endsWith('+xml')
}

/** Whether a media type without parameters is sent with a charset. */
export function isTextType(type: string): boolean {
  return type.startsWith('text/') || TEXT_TYPES.has(type)
}
