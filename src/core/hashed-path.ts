import type { LogicalPath } from './path.ts'

/** A logical path with the digest of its content before the extension: `css/site.3f9a1c0b2d4e5f60.css`. */
export type HashedPath = string

/** What a hashed path is made of. */
export interface HashedPathParts {
  readonly path: LogicalPath
  /** 16 lower-case hex digits. */
  readonly digest: string
}

/** The length of a dot and the digits of a digest. */
const INSERTED_LENGTH = 17

/**
 * The index in a file name where `.` and the digest go: before the extension, before both of a source map
 * (`app.js.map`), at the end if there is none. A leading dot starts no extension (`.nojekyll`).
 */
export function digestIndexOf(fileName: string): number {
  return indexFrom(fileName, 0)
}

/** Inverse of {@link parseHashedPath}. */
export function formatHashedPath({ path, digest }: HashedPathParts): HashedPath {
  const index = indexFrom(path, beginOf(path))
  return `${path.slice(0, index)}.${digest}${path.slice(index)}`
}

/** Reads a hashed path; undefined if there is no digest where {@link formatHashedPath} would put it. */
export function parseHashedPath(hashed: HashedPath): HashedPathParts | undefined {
  const begin = beginOf(hashed)
  const last = lastDot(hashed, begin, hashed.length)
  const inner = last === -1 ? -1 : lastDot(hashed, begin, last)
  return (
    splitAt(hashed, begin, inner) ?? splitAt(hashed, begin, last) ?? splitAt(hashed, begin, hashed.length)
  )
}

/** The logical path of a file of a build: from its name, or the same if a bundler hashed it. */
export function findPathOf(
  file: HashedPath,
  assets: ReadonlyMap<LogicalPath, { readonly file: HashedPath }>,
): LogicalPath | undefined {
  const path = parseHashedPath(file)?.path
  if (path !== undefined && assets.get(path)?.file === file) return path
  return assets.get(file)?.file === file ? file : undefined
}

function beginOf(path: string): number {
  return path.lastIndexOf('/') + 1
}

/** {@link digestIndexOf} for a path whose file name begins at `begin`. */
function indexFrom(path: string, begin: number): number {
  const last = lastDot(path, begin, path.length)
  if (last === -1) return path.length
  const isMap = path.slice(last).toLowerCase() === '.map'
  const inner = isMap ? lastDot(path, begin, last) : -1
  return inner === -1 ? last : inner
}

/** The index of the last dot before `end` that starts an extension, or -1. */
function lastDot(path: string, begin: number, end: number): number {
  const dot = end === 0 ? -1 : path.lastIndexOf('.', end - 1)
  return dot > begin ? dot : -1
}

/** The parts if a digest ends at `end`, where {@link formatHashedPath} would have put it. */
function splitAt(hashed: HashedPath, begin: number, end: number): HashedPathParts | undefined {
  const start = end - INSERTED_LENGTH
  if (start < begin || hashed[start] !== '.' || !isHex(hashed, start + 1, end)) return undefined
  const path = hashed.slice(0, start) + hashed.slice(end)
  return indexFrom(path, begin) === start ? { path, digest: hashed.slice(start + 1, end) } : undefined
}

function isHex(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return false
  }
  return true
}
