import { LIMITS } from '../../core/limit.ts'
import { asAnything, asOneOf, type OptionTable, parseOptions } from '../../core/option.ts'
import type { LogicalPath } from '../../core/path.ts'
import type { ReferenceKind } from '../../core/reference/reference.ts'
import type { NameAnswers, ResolvedAsset } from '../../resolve/resolver.ts'

/** One value of a Link header (RFC 8288): `</static/a.css>; rel=preload; as=style`. */
export type LinkValue = string

/** A file to preload: its logical path, or with it what a script is, where nothing in the build tells. */
export type PreloadFile = LogicalPath | PreloadScript

interface PreloadScript {
  readonly name: LogicalPath
  readonly as: 'module' | 'script'
}

const TABLE: OptionTable<PreloadScript> = { name: asAnything, as: asOneOf('module', 'script') }

/**
 * What a browser should fetch for a page that uses these files, each once, in the order it needs them: a stylesheet
 * with those it imports, its fonts and its images; a module with everything it imports statically; any other file
 * alone.
 *
 * Of a font only WOFF2 is preloaded, which every browser that supports preload reads. A stylesheet with more than
 * {@link LIMITS.preloadFonts} fonts brings none, as a page uses few of them; so with {@link LIMITS.preloadImages} images.
 *
 * @throws FingerpostError `FP_UNKNOWN_NAME`
 */
export function preloadLinks(resolver: NameAnswers, files: readonly PreloadFile[]): readonly LinkValue[] {
  const links = new Map<string, LinkValue>()
  for (const link of files.flatMap((file) => linksFor(resolver, file))) {
    const [url = ''] = link.split('>', 1)
    // A stylesheet may be imported and have a tag of its own, which has an integrity.
    if (!links.has(url) || link.includes('integrity=')) links.set(url, link)
  }
  return [...links.values()]
}

/** The file itself, then what it leads to. */
function linksFor(resolver: NameAnswers, file: PreloadFile): readonly LinkValue[] {
  const { name, as } = typeof file === 'string' ? { name: file } : parseOptions(file, TABLE, 'preload')
  const asset = resolver.describe(name as LogicalPath)
  if (asset.type.startsWith('text/css')) {
    const sheets = closure(resolver, asset, 'css-import')
    const used = sheets.flatMap((sheet) => referencesOf(resolver, sheet, 'css-url'))
    // An @import cannot have an integrity, so its preload must not have one either.
    const imports = sheets.slice(1).map((sheet) => formatLink(sheet, ''))
    return [
      formatLink(asset),
      ...imports,
      ...[...fontsOf(used), ...imagesOf(used)].map((each) => formatLink(each)),
    ]
  }
  if (!isScript(asset)) return [formatLink(asset)]
  const isModule = as === undefined ? resolver.isModule(asset.path) : as === 'module'
  if (!isModule) return [formatLink(asset)]
  // Browsers take any other file that is preloaded as a module for a broken script: JSON, CSS.
  return closure(resolver, asset, 'js-import').filter(isScript).map(formatModule)
}

/** Everything a file leads to by one kind of reference, breadth first: what is needed first comes first. */
function closure(resolver: NameAnswers, start: ResolvedAsset, kind: ReferenceKind): readonly ResolvedAsset[] {
  const found = new Map([[start.path, start]])
  // A Map goes on to what is added while it is walked.
  for (const asset of found.values())
    for (const next of referencesOf(resolver, asset, kind))
      if (!found.has(next.path)) found.set(next.path, next)
  return [...found.values()]
}

function referencesOf(
  resolver: NameAnswers,
  { references }: ResolvedAsset,
  kind: ReferenceKind,
): readonly ResolvedAsset[] {
  return references.flatMap((each) => (each.kind === kind ? [resolver.describe(each.path)] : []))
}

/** WOFF2 fonts, unless there are many: then a page uses few of them. */
function fontsOf(assets: readonly ResolvedAsset[]): readonly ResolvedAsset[] {
  return fewOf(assets, ({ type }) => type === 'font/woff2', LIMITS.preloadFonts)
}

function imagesOf(assets: readonly ResolvedAsset[]): readonly ResolvedAsset[] {
  return fewOf(assets, isImage, LIMITS.preloadImages)
}

function fewOf(
  assets: readonly ResolvedAsset[],
  wanted: (asset: ResolvedAsset) => boolean,
  max: number,
): readonly ResolvedAsset[] {
  const found = new Map(assets.flatMap((asset) => (wanted(asset) ? [[asset.path, asset]] : [])))
  return found.size > max ? [] : [...found.values()]
}

function isScript({ type }: ResolvedAsset): boolean {
  return type.startsWith('text/javascript')
}

function isImage({ type }: ResolvedAsset): boolean {
  return type.startsWith('image/')
}

/** What the tags of templates have: without it a browser would fetch the file twice. */
function securityOf({ integrity }: ResolvedAsset): string {
  return `; crossorigin; integrity="${integrity}"`
}

function formatModule(asset: ResolvedAsset): LinkValue {
  return `<${asset.url}>; rel=modulepreload${securityOf(asset)}`
}

function formatLink(asset: ResolvedAsset, security = securityOf(asset)): LinkValue {
  const target = `<${asset.url}>`
  const mime = asset.type.split(';', 1)[0] ?? ''
  if (isScript(asset)) return `${target}; rel=preload; as=script${security}`
  if (mime === 'text/css') return `${target}; rel=preload; as=style${security}`
  // Fonts are always fetched with CORS (CSS Fonts 4 §4.8.2).
  if (mime.startsWith('font/')) return `${target}; rel=preload; as=font; type="${mime}"; crossorigin`
  if (isImage(asset)) return `${target}; rel=preload; as=image; type="${mime}"`
  return `${target}; rel=preload; as=fetch; crossorigin`
}
