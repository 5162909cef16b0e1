import { decodePath, folderOf, type LogicalPath } from '../path.ts'
import type { PublicUrl } from '../public-url.ts'
import { isModuleKind, type ReferenceKind } from './reference.ts'

/** Where a specifier points, whether or not a file is there. */
export type Destination =
  | { readonly kind: 'inside'; readonly path: LogicalPath }
  /** Another host or scheme, another part of this host, a bare module name: never rewritten. */
  | { readonly kind: 'external' }
  /** A relative path that climbs out of the sources. */
  | { readonly kind: 'outside'; readonly path: string }

const EXTERNAL: Destination = { kind: 'external' }

/**
 * Resolves a specifier as browsers do (WHATWG URL §4.4): backslashes are slashes, tabs and line ends are removed, dot
 * segments may be percent-encoded.
 *
 * @param from the file with the specifier
 * @param publicUrl absolute paths and addresses below it are inside as well
 */
export function followSpecifier(
  kind: ReferenceKind,
  specifier: string,
  from: LogicalPath,
  publicUrl: PublicUrl,
): Destination {
  const url = specifier
    .trim()
    .replace(/[\t\n\r]/g, '')
    .replaceAll('\\', '/')
  const absolute = withoutOrigin(url, publicUrl)
  if (absolute === undefined) return EXTERNAL
  if (absolute.startsWith('/')) return followAbsolute(absolute, publicUrl)
  // Only `./`, `../` and `/` start a path in a module specifier (HTML §8.1.6.2).
  if (isModuleKind(kind) && !/^\.{1,2}\//.test(absolute)) return EXTERNAL
  return followRelative(absolute, from)
}

/** The path of a URL on our own host, the text itself without a host, undefined for another host or scheme. */
function withoutOrigin(url: string, { origin }: PublicUrl): string | undefined {
  if (origin !== '' && url.toLowerCase().startsWith(`${origin.toLowerCase()}/`))
    return url.slice(origin.length)
  if (url.startsWith('//'))
    return hostOf(origin) !== '' && url.startsWith(`${hostOf(origin)}/`)
      ? url.slice(hostOf(origin).length)
      : undefined
  return /^[a-z][a-z0-9+.-]*:/i.test(url) ? undefined : url
}

/** `https://cdn.example` → `//cdn.example` */
function hostOf(origin: string): string {
  return origin.slice(origin.indexOf('//'))
}

function followAbsolute(path: string, { pathname }: PublicUrl): Destination {
  const { segments } = walk('', path.slice(1))
  const normalised = `/${segments.join('/')}`
  const prefix = decodePath(pathname)
  return normalised.startsWith(prefix) && normalised.length > prefix.length
    ? { kind: 'inside', path: normalised.slice(prefix.length) }
    : EXTERNAL
}

function followRelative(path: string, from: LogicalPath): Destination {
  const { segments, climbed } = walk(folderOf(from), path)
  const normalised = segments.join('/')
  if (climbed > 0) return { kind: 'outside', path: `${'../'.repeat(climbed)}${normalised}` }
  return { kind: 'inside', path: normalised }
}

/**
 * Walks a URL path from a folder, decoding each segment once. Empty segments are passed over: a server would collapse
 * them, and authors write `..//a.css` by accident (Django's tests do).
 */
function walk(
  folder: string,
  path: string,
): { readonly segments: readonly string[]; readonly climbed: number } {
  const segments = folder === '' ? [] : folder.split('/').filter((segment) => segment !== '')
  let climbed = 0
  for (const encoded of path.split('/')) {
    const segment = decodePath(encoded)
    if (segment === '' || segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) climbed++
  }
  return { segments, climbed }
}
