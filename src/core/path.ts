import { FingerpostError } from './error.ts'

/**
 * A file's name in the sources: POSIX, relative, normalised, without percent-encoding. `css/site.css`, never
 * `/css/site.css`, `./css/site.css` or `css//site.css`.
 */
export type LogicalPath = string

/**
 * Reads text from outside as a logical path.
 *
 * @throws FingerpostError `FP_PATH` for empty, absolute, dotted (`.`, `..`) or doubled segments, and NUL.
 */
export function parseLogicalPath(text: string): LogicalPath {
  const fault = findPathFault(text)
  if (fault === undefined) return text
  throw new FingerpostError('FP_PATH', `${JSON.stringify(text)} is not a logical path: ${fault}.`, {
    remedy: 'Write it relative to the source folder, with forward slashes: css/site.css',
    details: { path: text },
  })
}

/** True if {@link parseLogicalPath} would accept the text. */
export function isLogicalPath(text: string): boolean {
  return findPathFault(text) === undefined
}

/** The folder with its slash, or '' at the top: `css/site.css` → `css/`. */
export function folderOf(path: LogicalPath): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** The last segment: `css/site.css` → `site.css`. */
export function fileNameOf(path: LogicalPath): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The extension in lower case with its dot, or '' for none and for dotfiles: `A/B.CSS` → `.css`, `.env` → ''. */
export function extensionOf(path: LogicalPath): string {
  const name = fileNameOf(path)
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot).toLowerCase() : ''
}

/** `npm/lit@3.3.0/`, where files of npm packages appear. */
const PACKAGE_FOLDER = /^npm\/(?:@[^/]+\/)?[^/@]+@[^/]+\//

/** The folder of an npm package, with its slash. */
export function packageFolder(name: string, version: string): string {
  return `npm/${name}@${version}/`
}

/** The folder of the npm package a file belongs to; undefined for files of the sources. */
export function packageFolderOf(path: LogicalPath): string | undefined {
  return PACKAGE_FOLDER.exec(path)?.[0]
}

/** For `sort`: by UTF-16 code unit, so that the locale can't change the output (law 7). */
export function comparePaths(a: LogicalPath, b: LogicalPath): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * The path in a URL, in its one spelling: the one that a browser makes of it (WHATWG URL, path percent-encode set). What
 * RFC 3986 allows in a segment stays raw, as authors write it, so that a reference, a preload, an import map and a
 * template name a file by the same URL.
 */
export function encodePath(path: LogicalPath): string {
  return path.replace(/[^\w\-./~!$&'()*+,:;=@[\]|]+/g, encodeURIComponent)
}

/** Undoes percent-encoding of UTF-8. A `%` that starts no valid sequence stays (WHATWG URL, percent-decode). */
export function decodePath(encoded: string): string {
  if (!encoded.includes('%')) return encoded
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded.replace(/(?:%[0-9a-f]{2})+/gi, decodeOrKeep)
  }
}

/** An empty segment, `.` or `..`. */
const BAD_SEGMENT = /(?:^|\/)\.{0,2}(?:\/|$)/

function findPathFault(text: string): string | undefined {
  if (text === '') return 'it is empty'
  if (text.startsWith('/')) return 'it is absolute'
  if (text.includes('\0')) return 'it contains NUL'
  if (!BAD_SEGMENT.test(text)) return undefined
  for (const segment of text.split('/')) {
    if (segment === '') return 'it has an empty segment'
    if (segment === '.' || segment === '..') return `it has the segment "${segment}"`
  }
  return undefined
}

function decodeOrKeep(run: string): string {
  try {
    return decodeURIComponent(run)
  } catch {
    return run
  }
}
