import { LIMITS } from '../../core/limit.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { ReferenceKind } from '../../core/reference/reference.ts'
import type { ResolvedAsset, Resolver } from '../../resolve/resolver.ts'

/** One value of a Link header (RFC 8288): `</static/a.css>; rel=preload; as=style`. */
export type LinkValue = string

/** A file to preload: its logical path, or with it what a script is, where nothing in the build tells. */
export type PreloadFile = LogicalPath | { readonly name: LogicalPath; readonly as: 'module' | 'script' }

/**
 * What a browser should fetch for a page that uses these files, each once, in the order it needs them: a stylesheet
 * with those it imports, its fonts and its images; a module with everything it imports statically; any other file
 * alone.
 *
 * Of several formats of a font only the first WOFF2 counts, since every browser that understands preload takes it. The
 * images of a stylesheet that has more than {@link LIMITS.preloadImages} of them are left out: it is a collection of
 * which a page shows a few.
 *
 * @throws FingerpostError `FP_UNKNOWN_NAME`
 */
export function preloadLinks(resolver: Resolver, files: readonly PreloadFile[]): readonly LinkValue[] {
  return [...new Set(files.flatMap((file) => linksFor(resolver, file)))]
}

/** The file itself, then what it leads to. */
function linksFor(resolver: Resolver, file: PreloadFile): readonly LinkValue[] {
  const asset = resolver.describe(typeof file === 'string' ? file : file.name)
  if (asset.type.startsWith('text/css')) {
    const sheets = closure(resolver, asset, 'css-import')
    const used = sheets.flatMap((sheet) => referencesOf(resolver, sheet, 'css-url'))
    return [...sheets, ...fontsOf(used), ...imagesOf(used)].map(formatLink)
  }
  if (!isScript(asset)) return [formatLink(asset)]
  const isModule = typeof file === 'string' ? resolver.isModule(asset.path) : file.as === 'module'
  return isModule ? closure(resolver, asset, 'js-import').map(formatModuleLink) : [formatLink(asset)]
}

/** Everything a file leads to by one kind of reference, breadth first: what is needed first comes first. */
function closure(resolver: Resolver, start: ResolvedAsset, kind: ReferenceKind): readonly ResolvedAsset[] {
  const found = new Map([[start.path, start]])
  // A Map goes on to what is added while it is walked.
  for (const asset of found.values())
    for (const next of referencesOf(resolver, asset, kind))
      if (!found.has(next.path)) found.set(next.path, next)
  return [...found.values()]
}

function referencesOf(
  resolver: Resolver,
  { references }: ResolvedAsset,
  kind: ReferenceKind,
): readonly ResolvedAsset[] {
  return references.flatMap((each) => (each.kind === kind ? [resolver.describe(each.path)] : []))
}

function fontsOf(assets: readonly ResolvedAsset[]): readonly ResolvedAsset[] {
  return assets.filter(({ type }) => type === 'font/woff2').slice(0, LIMITS.preloadFonts)
}

function imagesOf(assets: readonly ResolvedAsset[]): readonly ResolvedAsset[] {
  const images = new Map(assets.flatMap((asset) => (isImage(asset) ? [[asset.path, asset]] : [])))
  return images.size > LIMITS.preloadImages ? [] : [...images.values()]
}

function isScript({ type }: ResolvedAsset): boolean {
  return type.startsWith('text/javascript')
}

function isImage({ type }: ResolvedAsset): boolean {
  return type.startsWith('image/')
}

function formatModuleLink({ url }: ResolvedAsset): LinkValue {
  return `<${url}>; rel=modulepreload`
}

function formatLink(asset: ResolvedAsset): LinkValue {
  const target = `<${asset.url}>`
  const mime = asset.type.split(';', 1)[0] ?? ''
  if (isScript(asset)) return `${target}; rel=preload; as=script`
  if (mime === 'text/css') return `${target}; rel=preload; as=style`
  // Fonts are always fetched with CORS (CSS Fonts 4 §4.8.2); without crossorigin they would be fetched twice.
  if (mime.startsWith('font/')) return `${target}; rel=preload; as=font; type="${mime}"; crossorigin`
  if (isImage(asset)) return `${target}; rel=preload; as=image; type="${mime}"`
  return `${target}; rel=preload; as=fetch; crossorigin`
}
