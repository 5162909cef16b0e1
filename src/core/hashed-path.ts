import { fileNameOf, folderOf, type LogicalPath } from './path.ts'

/**
 * A logical path with the digest of its content before the extension: `css/site.3f9a1c0b2d4e5f60.css`. Its file name
 * is escaped by {@link escapeName}.
 */
export type HashedPath = string

/** The parts of a hashed path. */
export interface HashedPathParts {
  readonly path: LogicalPath
  /** 16 lower-case hex digits. */
  readonly digest: string
}

/**
 * The index in a file name where `.` and the digest go: before the extension, before both of a source map
 * (`app.js.map`), at the end without one. A leading dot starts no extension (`.nojekyll`).
 */
export function digestIndexOf(fileName: string): number {
  const last = lastDot(fileName, fileName.length)
  if (last === -1) return fileName.length
  const inner = fileName.slice(last).toLowerCase() === '.map' ? lastDot(fileName, last) : -1
  return inner === -1 ? last : inner
}

/** Inverse of {@link parseHashedPath}. */
export function formatHashedPath({ path, digest }: HashedPathParts): HashedPath {
  const name = fileNameOf(path)
  const index = digestIndexOf(name)
  return `${folderOf(path)}${escapeName(name.slice(0, index))}.${digest}${escapeName(name.slice(index))}`
}

/** Reads a hashed path; undefined if there is no digest where {@link formatHashedPath} would put it. */
export function parseHashedPath(hashed: HashedPath): HashedPathParts | undefined {
  const name = fileNameOf(hashed)
  for (const { 0: inserted, index } of name.matchAll(/\.[0-9a-f]{16}(?=\.|$)/g)) {
    const original = name.slice(0, index) + name.slice(index + inserted.length)
    if (digestIndexOf(original) === index)
      return { path: folderOf(hashed) + unescapeName(original), digest: inserted.slice(1) }
  }
  return undefined
}

/** Writes `+` as `~2B`, as buckets and proxies read a `+` in a URL as a blank, and so `~` as `~7E`. */
export function escapeName(text: string): string {
  return text.replace(/[+~]/g, (found) => (found === '+' ? '~2B' : '~7E'))
}

function unescapeName(text: string): string {
  return text.replace(/~(2B|7E)/g, (_, code) => (code === '2B' ? '+' : '~'))
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

/** The index of the last dot before `end` that starts an extension, or -1. */
function lastDot(name: string, end: number): number {
  const dot = end === 0 ? -1 : name.lastIndexOf('.', end - 1)
  return dot > 0 ? dot : -1
}
