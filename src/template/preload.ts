import type { LogicalPath } from '../core/path.ts'
import type { ReferenceKind } from '../core/reference/reference.ts'
import type { ResolvedAsset, Resolver } from '../resolve/resolver.ts'

/** The attribute `as` of a preload (Fetch §2.2.5, Preload §3). */
export type PreloadDestination = 'style' | 'script' | 'font' | 'image' | 'track' | 'fetch'

/**
 * The files that a file imports, directly or through others, each once, in the order in which a browser finds them. The
 * file itself is not included.
 *
 * @param kind `css-import` for a stylesheet, `js-import` for a module
 */
export function findNeeds(resolver: Resolver, name: string, kind: ReferenceKind): readonly ResolvedAsset[] {
  const first = resolver.describe(name)
  const seen = new Set<LogicalPath>([first.path])
  const needs: ResolvedAsset[] = []
  collectNeeds(first)
  // The loop also visits what it adds: breadth first, as browsers do.
  for (const asset of needs) collectNeeds(asset)
  return needs

  function collectNeeds(asset: ResolvedAsset): void {
    for (const reference of asset.references) {
      if (reference.kind !== kind || seen.has(reference.path)) continue
      seen.add(reference.path)
      needs.push(resolver.describe(reference.path))
    }
  }
}

/** The destination of files of this media type. */
export function preloadDestination(type: string): PreloadDestination {
  const bare = type.split(';', 1)[0] ?? ''
  if (bare === 'text/css') return 'style'
  if (bare === 'text/javascript') return 'script'
  if (bare === 'text/vtt') return 'track'
  if (bare.startsWith('font/')) return 'font'
  return bare.startsWith('image/') ? 'image' : 'fetch'
}
