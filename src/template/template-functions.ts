import { FingerpostError } from '../core/error.ts'
import { asAnything, KEYWORD_MARK, parseCallOptions } from '../core/option.ts'
import type { ReferenceKind } from '../core/reference/reference.ts'
import { formatScriptJson } from '../resolve/import-map.ts'
import type { ImportMap, ResolvedAsset, Resolver } from '../resolve/resolver.ts'
import { type Attributes, type AttributeValue, formatTag } from './html.ts'
import { formatInline, formatVersionTag } from './page-tags.ts'
import { findNeeds, preloadDestination } from './preload.ts'
import type { RequestFacts, TagOptions, TemplateHelpers, UrlOptions } from './template-helpers.ts'
import { formatViteTags } from './vite-tags.ts'

/** The helpers that take a name and the options of a tag. */
export const TAG_HELPERS = [
  'stylesheetTag',
  'scriptTag',
  'moduleTag',
  'preloadTag',
  'viteTags',
  'inline',
] as const

/** Creates the helpers. It is cheap enough for every request. */
export function createTemplateHelpers(resolver: Resolver, facts: RequestFacts = {}): TemplateHelpers {
  const tag = (name: string, options: TagOptions) => describeTag(name, options, resolver, facts)
  const { nonce: scriptNonce, styleNonce = scriptNonce } = facts
  const url = (name: string, given?: UrlOptions) => {
    const options = parseCallOptions<UrlOptions>(given, { absolute: asAnything }, "static's options")
    return absoluteOrNot(resolver.resolve(name), options, facts)
  }
  const helpers: TemplateHelpers = {
    static: url,
    staticIntegrity: (name) => resolver.integrity(name),
    stylesheetTag(name, given = {}) {
      const options = { nonce: styleNonce, ...given }
      const { href, security, rest } = tag(name, options)
      const preloads = preloadsOf(name, 'css-import', options, { resolver, facts })
      return preloads + formatTag('link', { rel: 'stylesheet', href, ...security, ...rest })
    },
    scriptTag(name, options = {}) {
      const { href, security, rest } = tag(name, options)
      return `${formatTag('script', { src: href, ...security, ...rest })}</script>`
    },
    moduleTag(name, options = {}) {
      const { href, security, rest } = tag(name, options)
      const preloads = preloadsOf(name, 'js-import', options, { resolver, facts })
      return `${preloads}${formatTag('script', { type: 'module', src: href, ...security, ...rest })}</script>`
    },
    preloadTag(name, options = {}) {
      const { href, security, rest, asset } = tag(name, options)
      const { as = preloadDestination(asset.type), ...others } = rest
      if (as === 'module') return formatTag('link', { rel: 'modulepreload', href, ...security, ...others })
      const fetched = securityOfPreload(as, security, options)
      return formatTag('link', { rel: 'preload', as, href, ...typeHint(as, asset), ...fetched, ...others })
    },
    importMapTag(imports, options = {}) {
      const { nonce = facts.nonce, integrity = true, absolute, ...others } = options
      const { crossorigin: _c, preload: _p, ...rest } = others
      const map =
        imports === undefined ? resolver.importMap() : mapOf(imports, (name) => tag(name, { absolute }))
      const json = formatScriptJson(integrity ? map : { ...map, integrity: undefined })
      return `${formatTag('script', { type: 'importmap', nonce, ...rest })}${json}</script>`
    },
    versionTag: (options = {}) => formatVersionTag(options, facts),
    inline: (name, options = {}) => formatInline(name, options, facts),
    viteTags: (name, options = {}) => formatViteTags(name, resolver.entry(name), options, { helpers, facts }),
  }
  return helpers
}

interface Surroundings {
  readonly resolver: Resolver
  readonly facts: RequestFacts
}

interface TagParts {
  readonly asset: ResolvedAsset
  readonly href: string
  /** integrity, crossorigin and nonce, those that apply. */
  readonly security: Attributes
  readonly rest: Attributes
}

function describeTag(name: string, options: TagOptions, resolver: Resolver, facts: RequestFacts): TagParts {
  const {
    nonce = facts.nonce,
    integrity = true,
    crossorigin = 'anonymous',
    preload: _,
    absolute,
    ...rest
  } = options
  const asset = resolver.describe(name)
  const href = absoluteOrNot(resolver.resolve(name), { absolute }, facts)
  return { asset, href, security: { integrity: integrity && asset.integrity, crossorigin, nonce }, rest }
}

/** A preload needs the attributes of the later fetch, or the browser fetches twice. */
function preloadsOf(
  name: string,
  kind: Extract<ReferenceKind, 'css-import' | 'js-import'>,
  options: TagOptions,
  { resolver, facts }: Surroundings,
): string {
  const { preload = true, nonce = facts.nonce, integrity = true, media, absolute } = options
  if (!preload) return ''
  const head: Attributes = kind === 'js-import' ? { rel: 'modulepreload' } : { rel: 'preload', as: 'style' }
  // Browsers take any other file that is preloaded as a module for a broken script: JSON, CSS.
  const needs = findNeeds(resolver, name, kind).filter(
    ({ type }) => kind === 'css-import' || preloadDestination(type) === 'script',
  )
  const tags = needs.map((asset) => {
    const href = absoluteOrNot(asset.url, { absolute }, facts)
    // An @import cannot have an integrity, so its preload must not have one either.
    const checked: Attributes =
      kind === 'js-import' ? { integrity: integrity && asset.integrity, crossorigin: 'anonymous' } : {}
    return formatTag('link', { ...head, href, ...checked, nonce, media })
  })
  return tags.join('')
}

/** Elements load these without CORS unless they say so (HTML §4.8.3); the preload must do the same. */
const WITHOUT_CORS: ReadonlySet<AttributeValue> = new Set(['image', 'video', 'audio', 'track'])

/** Browsers check the integrity of scripts and stylesheets alone. */
function securityOfPreload(
  as: AttributeValue,
  security: Attributes,
  { crossorigin }: TagOptions,
): Attributes {
  const { integrity, ...others } = security
  if (as === 'script' || as === 'style') return security
  return WITHOUT_CORS.has(as) ? { ...others, crossorigin: crossorigin ?? false } : others
}

/** Lets browsers skip fonts and images of a type they do not support. */
function typeHint(as: AttributeValue, { type }: ResolvedAsset): Attributes {
  return as === 'font' || as === 'image' ? { type: type.split(';', 1)[0] } : {}
}

/** Integrity is listed by URL, so that imported modules are verified too (HTML §8.1.6.1). */
function mapOf(imports: Readonly<Record<string, string>>, describe: (name: string) => TagParts): ImportMap {
  const named = Object.entries(imports).filter(([specifier]) => specifier !== KEYWORD_MARK)
  const entries = named.map(([specifier, name]) => ({ specifier, ...describe(name) }))
  return {
    imports: Object.fromEntries(entries.map(({ specifier, href }) => [specifier, href])),
    integrity: Object.fromEntries(entries.map(({ href, asset }) => [href, asset.integrity])),
  }
}

function absoluteOrNot(url: string, { absolute = false }: UrlOptions, { origin }: RequestFacts): string {
  if (!absolute || /^https?:/i.test(url)) return url
  if (origin === undefined) {
    throw new FingerpostError(
      'FP_CONFIG',
      `The host of ${url} is not known, so its URL cannot be absolute.`,
      {
        remedy:
          'Use reply.static(name, { absolute: true }), which takes the host from the request, or build with a url that has a host.',
      },
    )
  }
  return url.startsWith('//') ? `${origin.slice(0, origin.indexOf('//'))}${url}` : origin + url
}

/**
 * The helpers in the data of a page, as `reply.locals` has them, or else the installed ones. Only the former know nonce
 * and host of the request.
 */
export function chooseHelpers(data: unknown, installed: TemplateHelpers): TemplateHelpers {
  const { static: url, stylesheetTag } = Object(data) as Partial<TemplateHelpers>
  const hasHelpers = typeof url === 'function' && typeof stylesheetTag === 'function'
  return hasHelpers ? (data as TemplateHelpers) : installed
}

/**
 * The helpers as globals of an engine that escapes output.
 *
 * @param safe marks markup as not to be escaped
 */
export function globalsOf(
  helpers: TemplateHelpers,
  safe: (markup: string) => unknown,
): Readonly<Record<string, (...given: never[]) => unknown>> {
  const { static: url, staticIntegrity } = helpers
  const markup = [...TAG_HELPERS, 'importMapTag', 'versionTag'] as const
  const safely = markup.map((name) => {
    const helper = helpers[name] as (...given: never[]) => string
    return [name, (...given: never[]) => safe(helper(...given))] as const
  })
  return { static: url, staticIntegrity, ...Object.fromEntries(safely) }
}
