import { FingerpostError } from '../core/error.ts'
import type { ReferenceKind } from '../core/reference/reference.ts'
import { formatScriptJson } from '../resolve/import-map.ts'
import type { ResolvedAsset, Resolver } from '../resolve/resolver.ts'
import { type Attributes, type AttributeValue, formatTag, KEYWORD_MARK } from './html.ts'
import { findNeeds, preloadDestination } from './preload.ts'

/** How a URL is written. */
export interface UrlOptions {
  /** With scheme and host, for mails, feeds and `og:image`. Default false. */
  readonly absolute?: boolean | undefined
}

/**
 * What a tag says besides its URL. The options below have a meaning of their own; everything else becomes an attribute,
 * escaped: `{ media: 'print', async: true, 'data-x': 1 }`.
 */
export interface TagOptions extends UrlOptions {
  /** The page's CSP nonce. Default: that of the request, where there is one. */
  readonly nonce?: string | undefined
  /** Whether `integrity` is written. Default true. */
  readonly integrity?: boolean | undefined
  /** Default `anonymous`, which SRI needs for files on another host; false leaves it out. */
  readonly crossorigin?: 'anonymous' | 'use-credentials' | false | undefined
  /** Whether what the file can't do without — imported stylesheets, modules — is preloaded. Default true. */
  readonly preload?: boolean | undefined
  readonly [attribute: string]: AttributeValue
}

/** The functions templates call. Names are logical paths; an unknown one throws `FP_UNKNOWN_NAME` with the nearest. */
export interface TemplateHelpers {
  /** The URL of a file; `?query#fragment` passes through. Not escaped for HTML: template engines do that. */
  static(name: string, options?: UrlOptions): string
  /** `sha384-…` */
  staticIntegrity(name: string): string
  /** `<link rel="stylesheet">`, preceded by preloads of what it imports. */
  stylesheetTag(name: string, options?: TagOptions): string
  /** `<script>` for a classic script. */
  scriptTag(name: string, options?: TagOptions): string
  /** `<script type="module">`, preceded by preloads of the modules it imports. */
  moduleTag(name: string, options?: TagOptions): string
  /** `<link rel="preload">` with the right `as`; `{ as: 'module' }` makes it `modulepreload`. */
  preloadTag(name: string, options?: TagOptions): string
  /** `<script type="importmap">`: bare specifiers and the names they stand for, with integrity. */
  importMapTag(imports: Readonly<Record<string, string>>, options?: TagOptions): string
}

/** What the helpers know of the request they serve. */
export interface RequestFacts {
  /** `https://example.org`, for `absolute`. */
  readonly origin?: string | undefined
  /** The page's CSP nonce. */
  readonly nonce?: string | undefined
  /** That for stylesheets, where it is another. Default: `nonce`. */
  readonly styleNonce?: string | undefined
}

/** The helpers over a resolver. Cheap: made for every request that has a nonce or a host of its own. */
export function createTemplateHelpers(resolver: Resolver, facts: RequestFacts = {}): TemplateHelpers {
  const tag = (name: string, options: TagOptions) => describeTag(name, options, resolver, facts)
  const { nonce: scriptNonce, styleNonce = scriptNonce } = facts
  const url = (name: string, options: UrlOptions = {}) =>
    absoluteOrNot(resolver.resolve(name), options, facts)
  return {
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
      return formatTag('link', { rel: 'preload', as, href, ...typeHint(as, asset), ...security, ...others })
    },
    importMapTag(imports, options = {}) {
      const map = createImportMap(imports, options, { resolver, facts })
      const {
        nonce = facts.nonce,
        integrity: _i,
        crossorigin: _c,
        preload: _p,
        absolute: _a,
        ...rest
      } = options
      return `${formatTag('script', { type: 'importmap', nonce, ...rest })}${formatScriptJson(map)}</script>`
    },
  }
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

/** Preloads carry what the fetch they stand in for will carry, or the browser fetches twice. */
function preloadsOf(
  name: string,
  kind: Extract<ReferenceKind, 'css-import' | 'js-import'>,
  options: TagOptions,
  { resolver, facts }: Surroundings,
): string {
  const { preload = true, nonce = facts.nonce, integrity = true, media, absolute } = options
  if (!preload) return ''
  const head: Attributes = kind === 'js-import' ? { rel: 'modulepreload' } : { rel: 'preload', as: 'style' }
  const tags = findNeeds(resolver, name, kind).map((asset) => {
    const href = absoluteOrNot(asset.url, { absolute }, facts)
    // A module import is checked against the preload's integrity; an @import can't have any, so neither may its preload.
    const checked: Attributes =
      kind === 'js-import' ? { integrity: integrity && asset.integrity, crossorigin: 'anonymous' } : {}
    return formatTag('link', { ...head, href, ...checked, nonce, media })
  })
  return tags.join('')
}

/** Browsers skip a preload of a type they don't know; for scripts and styles they know. */
function typeHint(as: AttributeValue, { type }: ResolvedAsset): Attributes {
  return as === 'font' || as === 'image' ? { type: type.split(';', 1)[0] } : {}
}

/** HTML §8.1.6.1: integrity by URL, so that modules which others import are checked too. */
function createImportMap(
  imports: Readonly<Record<string, string>>,
  { absolute, integrity = true }: TagOptions,
  { resolver, facts }: Surroundings,
): Record<string, unknown> {
  const named = Object.entries(imports).filter(([specifier]) => specifier !== KEYWORD_MARK)
  const entries = named.map(([specifier, name]): [string, string, string] => {
    const asset = resolver.describe(name)
    return [specifier, absoluteOrNot(asset.url, { absolute }, facts), asset.integrity]
  })
  return {
    imports: Object.fromEntries(entries.map(([specifier, url]) => [specifier, url])),
    ...(integrity ? { integrity: Object.fromEntries(entries.map(([, url, digest]) => [url, digest])) } : {}),
  }
}

function absoluteOrNot(url: string, { absolute = false }: UrlOptions, { origin }: RequestFacts): string {
  if (!absolute || /^https?:/i.test(url)) return url
  if (origin === undefined) {
    throw new FingerpostError(
      'FP_CONFIG',
      `An absolute URL was asked for, but nobody knows the host of ${url}.`,
      {
        remedy:
          'Ask with reply.static(name, { absolute: true }), which takes it from the request, or set a url with a host.',
      },
    )
  }
  return url.startsWith('//') ? `${origin.slice(0, origin.indexOf('//'))}${url}` : origin + url
}
