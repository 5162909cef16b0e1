import { fileNameOf, folderOf, type LogicalPath } from './path.ts'

/** A logical path with the digest of its content before the extension: `css/site.3f9a1c0b2d4e5f60.css`. */
export type HashedPath = string

/** What a hashed path is made of. */
export interface HashedPathParts {
  readonly path: LogicalPath
  /** 16 lower-case hex digits. */
  readonly digest: string
}

/** What a digest adds to a name. */
const INSERTED = /^\.[0-9a-f]{16}$/
const INSERTED_LENGTH = 17

/**
 * Where in a file name the digest is put: before the extension, before both for a source map (`app.js.map`), at the
 * end where there is none. A leading dot starts no extension (`.nojekyll`).
 *
 * @returns an index into `fileName`, so that `name.slice(0, i) + '.' + digest + name.slice(i)` is the hashed name.
 */
export function digestIndexOf(fileName: string): number {
  const last = lastDot(fileName, fileName.length)
  if (last === -1) return fileName.length
  const isMap = fileName.slice(last).toLowerCase() === '.map'
  const inner = isMap ? lastDot(fileName, last) : -1
  return inner === -1 ? last : inner
}

/** Inverse of {@link parseHashedPath}. */
export function formatHashedPath({ path, digest }: HashedPathParts): HashedPath {
  const name = fileNameOf(path)
  const index = path.length - name.length + digestIndexOf(name)
  return `${path.slice(0, index)}.${digest}${path.slice(index)}`
}

/**
 * Reads a hashed path back; undefined if the name carries no digest where {@link formatHashedPath} would have put it.
 */
export function parseHashedPath(hashed: HashedPath): HashedPathParts | undefined {
  const name = fileNameOf(hashed)
  for (const end of digestEnds(name)) {
    const start = end - INSERTED_LENGTH
    if (start < 0 || !INSERTED.test(name.slice(start, end))) continue
    const bare = name.slice(0, start) + name.slice(end)
    if (digestIndexOf(bare) === start)
      return { path: folderOf(hashed) + bare, digest: name.slice(start + 1, end) }
  }
  return undefined
}

/** The logical path of a file of a build: it can be read from its name, or is the same where a bundler had hashed it. */
export function findPathOf(
  file: HashedPath,
  assets: ReadonlyMap<LogicalPath, { readonly file: HashedPath }>,
): LogicalPath | undefined {
  const path = parseHashedPath(file)?.path
  if (path !== undefined && assets.get(path)?.file === file) return path
  return assets.get(file)?.file === file ? file : undefined
}

/** The index of the last dot before `end` that starts an extension, or -1. */
function lastDot(fileName: string, end: number): number {
  const dot = end === 0 ? -1 : fileName.lastIndexOf('.', end - 1)
  return dot > 0 ? dot : -1
}

/** Where the digest's last digit may stand: before two extensions, before one, at the end. */
function digestEnds(name: string): readonly number[] {
  const last = lastDot(name, name.length)
  const inner = last === -1 ? -1 : lastDot(name, last)
  return [inner, last, name.length].filter((end) => end > 0)
}
