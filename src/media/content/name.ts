import { LIMITS } from '../../core/limit.ts'
import { isLogicalPath } from '../../core/path.ts'

/** What a name becomes that has nothing safe in it. */
const NAMELESS = 'file'

/**
 * Characters that are invisible, turn the direction of the text around, or end a line: `photo\u202Egpj.exe` reads as
 * `photoexe.jpg` (Unicode TR 36 §2, UAX 9).
 */
const INVISIBLE =
  /[\p{Cc}\p{Zl}\p{Zp}\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/gu

/** Characters Windows forbids in names; a folder of uploads is copied, zipped and synced to Windows sooner or later. */
const FORBIDDEN = /[<>:"|?*]/g

/** Names that are devices on Windows, whatever their extension (Microsoft, "Naming Files, Paths, and Namespaces"). */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i

/**
 * Makes a safe segment of a name that a visitor chose: Unicode is kept (NFC), folders are dropped with everything
 * before the last slash or backslash, as are control characters, direction overrides, leading and trailing dots and
 * blanks. At most 255 bytes of UTF-8, the extension kept. Never empty. A safe name stays as it is.
 */
export function safeName(text: string): string {
  const lastPart = text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1)
  const visible = lastPart
    .replace(/\p{Cs}/gu, '\uFFFD')
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(FORBIDDEN, '_')
  const bare = withoutEdges(visible)
  const harmless = RESERVED.test(bare) ? `_${bare}` : bare
  return shorten(harmless, '') || NAMELESS
}

/** True for a key whose every segment {@link safeName} would leave alone, and that is not too long as a whole. */
export function isSafeKey(key: string): boolean {
  if (!isLogicalPath(key) || Buffer.byteLength(key) > LIMITS.mediaKeyMaxBytes) return false
  return key.split('/').every((segment) => safeName(segment) === segment)
}

/**
 * The name with something before its extension, still within the limit: `cat.png`, `_x7Gq2aB` → `cat_x7Gq2aB.png`.
 * Works on a whole key as well: folders are kept.
 */
export function withSuffix(key: string, suffix: string): string {
  const slash = key.lastIndexOf('/') + 1
  return key.slice(0, slash) + shorten(key.slice(slash), suffix)
}

function withoutEdges(name: string): string {
  return name.replace(/^[.\s]+/u, '').replace(/[.\s]+$/u, '')
}

/** Puts a suffix before the extension and takes characters from the stem until the name fits. */
function shorten(name: string, suffix: string): string {
  const { stem, extension } = splitExtension(name)
  const room = LIMITS.mediaNameMaxBytes - Buffer.byteLength(extension) - Buffer.byteLength(suffix)
  return withoutEdges(cut(stem, room)) + suffix + extension
}

/** An extension longer than 32 characters is no extension but part of the name. */
function splitExtension(name: string): { readonly stem: string; readonly extension: string } {
  const dot = name.lastIndexOf('.')
  if (dot <= 0 || name.length - dot > 32) return { stem: name, extension: '' }
  return { stem: name.slice(0, dot), extension: name.slice(dot) }
}

/** The longest beginning of whole characters within this many bytes. */
function cut(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  let bytes = 0
  let kept = ''
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) return kept
    kept += character
  }
  return kept
}
