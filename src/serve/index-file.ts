import { encodePath, fileNameOf } from '../core/path.ts'
import { redirectTo } from '../http/failure.ts'
import type { Response } from '../http/response.ts'

/** What index files are about. */
export interface IndexRules {
  /** The file that answers for a folder: `index.html`; undefined for none. */
  readonly index: string | undefined
  readonly headers: { readonly logicalCacheControl: string }
}

/**
 * What answers for a folder: the name of its index file, or, where its slash is missing, the redirect to it.
 *
 * @param exists true for a logical path that is served
 */
export function findIndex(
  name: string,
  { index, headers }: IndexRules,
  exists: (path: string) => boolean,
): string | Response | undefined {
  if (index === undefined) return undefined
  if (name === '' || name.endsWith('/')) return name + index
  if (!exists(`${name}/${index}`)) return undefined
  return redirectTo(`./${encodePath(fileNameOf(name))}/`, headers.logicalCacheControl)
}
