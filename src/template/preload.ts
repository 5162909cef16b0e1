import type { LogicalPath } from '../core/path.ts'
import type { ReferenceKind } from '../core/reference/reference.ts'
import type { ResolvedAsset, Resolver } from '../resolve/resolver.ts'

/** The destination of a preload, the attribute `as` (Fetch §2.2.5, Preload §3). */
export type PreloadDestination = 'style' | 'script' | 'font' | 'image' | 'track' | 'fetch'

/**
 * What a file can't do without, and what that can't do without, each once, in the order a browser would meet them; the
 * file itself is not among it.
 *
 * @param kind `css-import` for a stylesheet, `js-import` for a module
 */
export function findNeeds(resolver: Resolver, name: string, kind: ReferenceKind): readonly ResolvedAsset[] {
  const first = resolver.describe(name)
  const seen = new Set<LogicalPath>([first.path])
  const needs: ResolvedAsset[] = []
  collectNeeds(first)
  // The list grows while it is walked: breadth first, as a browser discovers.
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

/** What a browser fetches a file of this media type as. */
export function preloadDestination(type: string): PreloadDestination {
  const bare = type.split(';', 1)[0] ?? ''
  if (bare === 'text/css') return 'style'
  if (bare === 'text/javascript') return 'script'
  if (bare === 'text/vtt') return 'track'
  if (bare.startsWith('font/')) return 'font'
  return bare.startsWith('image/') ? 'image' : 'fetch'
}
