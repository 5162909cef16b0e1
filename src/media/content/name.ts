import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { decodePath, isLogicalPath } from '../../core/path.ts'
import { originalNameOf } from './image.ts'

/** The name of a file whose own name has nothing safe in it. */
const NAMELESS = 'file'

/**
 * Characters that are invisible, turn the direction of the text around, or end a line: `photo\u202Egpj.exe` reads as
 * `photoexe.jpg` (Unicode TR 36 §2, UAX 9).
 */
const INVISIBLE =
  /[\p{Cc}\p{Zl}\p{Zp}\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/gu

/** Characters Windows forbids in names; uploads are copied, zipped and synced to Windows sooner or later. */
const FORBIDDEN = /[<>:"|?*]/g

/** Names that are devices on Windows, whatever their extension (Microsoft, "Naming Files, Paths, and Namespaces"). */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i

/**
 * Makes one safe path segment of a name that a visitor chose. Folders, control characters, direction overrides, and
 * leading and trailing dots and blanks are removed; Unicode stays, in NFC. At most 255 bytes of UTF-8, the extension
 * kept. Never empty. A safe name stays as it is; names of variants (`ann.png@small.png`) are not safe.
 */
export function safeName(text: string): string {
  const lastPart = text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1)
  // Each step may undo another: what is removed may have kept two letters apart, a cut name may be a device.
  for (let name = lastPart; ; ) {
    const safer = safeStep(name)
    if (safer === name) return name === '' ? NAMELESS : name
    name = safer
  }
}

function safeStep(text: string): string {
  const visible = text
    .replace(/\p{Cs}/gu, '\uFFFD')
    .replace(INVISIBLE, '')
    .normalize('NFC')
    .replace(FORBIDDEN, '_')
  const original = originalNameOf(visible)
  // `ann.png@small.png` is a name for fingerpost to give.
  const own = original === undefined ? visible : `${original}_${visible.slice(original.length + 1)}`
  const bare = withoutEdges(own)
  return shorten(RESERVED.test(bare) ? `_${bare}` : bare, '')
}

/** True for a name to store: each segment is one that {@link safeName} keeps, and the whole isn't too long. */
export function isSafeKey(key: string): boolean {
  if (!isLogicalPath(key) || Buffer.byteLength(key) > LIMITS.mediaKeyMaxBytes) return false
  return key.split('/').every((segment) => safeName(segment) === segment)
}

/**
 * True for the name of a file that may be read. Another program may have filled the folder, so names are allowed here
 * that `save` wouldn't give: `Report: v1.txt`, decomposed letters. Hidden files and temporary ones stay hidden.
 */
export function isReadableKey(key: string, platform: NodeJS.Platform = process.platform): boolean {
  // Windows opens `a.txt` as `a.txt.`, and a device or a stream under other names.
  if (platform === 'win32') return isSafeKey(originalNameOf(key) ?? key)
  return isLogicalPath(key) && key.split('/').every(isReadableSegment)
}

function isReadableSegment(segment: string): boolean {
  return UNREADABLE.every(([, is]) => !is(segment))
}

const UNREADABLE: readonly (readonly [why: string, is: (segment: string) => boolean])[] = [
  ['it begins with a dot', (segment) => segment.startsWith('.')],
  ['it contains a backslash', (segment) => segment.includes('\\')],
  ['it contains a control character', (segment) => /\p{Cc}/u.test(segment)],
  ['it is not valid UTF-8', (segment) => /[\p{Cs}\uFFFD]/u.test(segment)],
  ['it is too long', (segment) => Buffer.byteLength(segment) > LIMITS.mediaNameMaxBytes],
]

/** Why a stored file can't be served under its name; undefined if it can. */
export function whyUnreadable(key: string): string | undefined {
  for (const segment of key.split('/')) {
    const found = UNREADABLE.find(([, is]) => is(segment))
    if (found !== undefined) return found[0]
  }
  return isReadableKey(key) ? undefined : 'Windows reads it as another name'
}

const LOOK_FIRST = 'If a record may have no file, look first: user.avatar && app.mediaUrl(user.avatar)'

/**
 * The error for what is no name, or one that isn't safe.
 *
 * @param url where the files are, for a URL that was given instead of a name
 */
export function unsafeName(name: unknown, url = ''): FingerpostError {
  if (typeof name !== 'string') {
    // A mistake of the program, unlike a name that a visitor chose.
    return new FingerpostError('FP_PATH', `The name of a file is text, not ${String(name)}.`, {
      remedy: LOOK_FIRST,
    })
  }
  if (name === '') {
    return new FingerpostError('FP_PATH', 'The name of a file is empty.', {
      remedy: LOOK_FIRST,
      statusCode: 400,
    })
  }
  const bare = (name.startsWith(url) ? name.slice(url.length) : name).replace(/^(?:\.?\/)+/, '')
  const isUrl = bare !== name && isReadableKey(bare)
  return new FingerpostError('FP_PATH', `${JSON.stringify(name)} is not a safe name for a file.`, {
    remedy: isUrl
      ? `A name is relative, as saveUploads() gives it. Write ${JSON.stringify(bare)}.`
      : 'Make each of its segments safe with safeName().',
    details: { name },
    statusCode: 400,
  })
}

/**
 * A form in which two names are equal if any disk or client could take one for the other: without regard to case, to
 * composed or decomposed letters and to percent-encoding. Only for comparing.
 */
export function foldName(name: string): string {
  return decodePath(name).normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
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
  return name.replace(/^[.\s]+/u, '').replace(/(?<![.\s])[.\s]+$/u, '')
}

/** Puts a suffix before the extension and takes characters from the stem until the name fits. */
function shorten(name: string, suffix: string): string {
  const { stem, extension } = splitExtension(name)
  const room = LIMITS.mediaNameMaxBytes - Buffer.byteLength(suffix + extension)
  return withoutEdges(cut(stem, room)) + suffix + extension
}

/** More than 32 characters are part of the name, not an extension. */
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
