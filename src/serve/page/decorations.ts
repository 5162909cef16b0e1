import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FingerpostError } from '../../core/error.ts'
import type { StaticName } from '../../core/manifest/static-name.ts'
import { asAnything, asListOf, asText, type OptionTable, parseCallOptions } from '../../core/option.ts'
import { formatImportMap, type ImportMapOptions } from '../../resolve/import-map.ts'
import type { Resolver } from '../../resolve/resolver.ts'
import { explainMissingHelper, missingMediaUrl } from '../../template/missing-helper.ts'
import { createTemplateHelpers } from '../../template/template-functions.ts'
import type {
  RequestFacts,
  TemplateHelpers,
  UrlOptions,
  VersionFacts,
} from '../../template/template-helpers.ts'
import type { Reloader } from '../reload.ts'
import type { Site, StaticStats } from '../site.ts'
import type { InlineLookup, InlineSources } from './inline.ts'
import { type PreloadFile, preloadLinks } from './preload.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The public URL of a file of the build. @throws FingerpostError `FP_UNKNOWN_NAME` with the nearest names */
    static<const T extends string>(name: StaticName<T>, options?: UrlOptions): string
    /** Like `static`, for names that are only known at run time. @throws FingerpostError `FP_UNKNOWN_NAME` */
    staticUrl(name: string, options?: UrlOptions): string
    /** The template helpers, for engines that are configured once: see `fingerpost/templates`. */
    readonly staticHelpers: TemplateHelpers
    /** `sha384-…`, for the attribute `integrity`. @throws FingerpostError `FP_UNKNOWN_NAME` */
    staticIntegrity<const T extends string>(name: StaticName<T>): string
    /** URL and folder of the build. Other plugins must not use them. */
    readonly staticMount: { readonly url: string; readonly root: string }
    /**
     * The tag `<script type="importmap">` of the build, with the integrity of every module. Place it before the first
     * module of a page. @throws FingerpostError `FP_UNKNOWN_NAME` for an entry that is not in the build
     */
    importMap(options?: ImportMapOptions): string
    /**
     * The version of the build in service: another one exactly when a file of it changes. `live` in live mode, `testing` in
     * tests.
     */
    readonly staticVersion: string
    /** The CSP hashes of the files of the option `inline`, of the build in service. */
    staticCsp(): InlineSources
    /** Checks for a new build now; true if one was taken into service. @throws FingerpostError `FP_MANIFEST` */
    staticReload(): Promise<boolean>
    /** Counters for metrics. */
    staticStats(): StaticStats
  }
  interface FastifyReply {
    /** What templates call, with the host and the CSP nonce of this request. `reply.locals` contains the same functions. */
    readonly staticHelpers: TemplateHelpers
    /** Like `app.static`; `{ absolute: true }` takes scheme and host from the request. */
    static<const T extends string>(name: StaticName<T>, options?: UrlOptions): string
    /** Like `static`, for names that are only known at run time. */
    staticUrl(name: string, options?: UrlOptions): string
    /**
     * Adds Link headers for files the page uses and for the files those reference. A script counts as classic if the
     * build cannot tell that it is a module; `{ name, as: 'module' }` says so. With the option `earlyHints` the links are
     * also sent at once as 103 Early Hints.
     *
     * @throws FingerpostError `FP_UNKNOWN_NAME`
     */
    preload(...files: readonly PreloadFile[]): FastifyReply
  }
}

/** What the decorations need. */
export interface DecorationParts {
  readonly site: {
    readonly current: Pick<Site['current'], 'resolver'>
    stats(): StaticStats
  }
  readonly reloader: Pick<Reloader, 'reload'>
  readonly earlyHints: boolean
  readonly mount: FastifyInstance['staticMount']
  readonly version: VersionFacts
  readonly inline: InlineLookup
}

const IMPORT_MAP_TABLE: OptionTable<ImportMapOptions> = { nonce: asAnything, entries: asListOf(asText) }

/**
 * Adds `static` and related methods to an app.
 *
 * @throws FingerpostError `FP_CONFIG` if another build has done so in this scope
 */
export function decorate(app: FastifyInstance, parts: DecorationParts): void {
  const { site, reloader, earlyHints, mount, version } = parts
  const { find: inline, sources } = parts.inline
  if (app.hasDecorator('static')) {
    throw new FingerpostError('FP_CONFIG', 'Another build has already added static() to this app.', {
      remedy: 'Register one of them with decorate: false, or each in a scope of its own.',
    })
  }
  const helpers = createTemplateHelpers(
    liveView(() => site.current.resolver),
    { version, inline },
  )
  app.decorate('static', helpers.static)
  app.decorate('staticUrl', helpers.static)
  app.decorate('staticHelpers', helpers)
  app.decorate('staticIntegrity', helpers.staticIntegrity)
  app.decorate('staticReload', () => reloader.reload())
  app.decorate('staticMount', mount)
  app.decorate('staticCsp', sources)
  app.decorate('staticVersion', { getter: () => version.current() })
  app.decorate('importMap', (options) => {
    const { nonce, entries } = parseCallOptions(options, IMPORT_MAP_TABLE, "importMap's options")
    return formatImportMap(site.current.resolver.importMap(entries), nonce)
  })
  app.decorate('staticStats', () => site.stats())
  if (!app.hasDecorator('mediaUrl')) app.decorate('mediaUrl', missingMediaUrl)
  const helpersFor = (reply: FastifyReply) =>
    createTemplateHelpers(site.current.resolver, { ...factsOf(reply), version, inline })
  const url = function (this: FastifyReply, name: string, options?: UrlOptions): string {
    return options === undefined ? helpers.static(name) : helpersFor(this).static(name, options)
  }
  app.decorateReply('staticHelpers', {
    getter(this: FastifyReply) {
      return helpersFor(this)
    },
  })
  app.decorateReply('static', url)
  app.decorateReply('staticUrl', url)
  app.decorateReply('preload', function (this: FastifyReply, ...files: readonly PreloadFile[]) {
    const before = linksOf(this)
    const links = preloadLinks(site.current.resolver, files).filter((link) => !before.includes(link))
    if (links.length === 0) return this
    if (earlyHints) sendEarlyHints(this, links)
    return this.header('link', [...before, ...links].join(', '))
  })
  app.addHook('onError', async (_request, _reply, error) => {
    const remedy = explainMissingHelper(error)
    if (remedy !== undefined) error.message += `\n  ${remedy}`
  })
  decorateLocals(app, helpersFor)
}

/**
 * Sends links as 103 Early Hints (RFC 8297), before the answer. Does nothing once the answer has begun, and for HTTP/1.0,
 * which has no interim answers (RFC 9110 §15.2).
 */
function sendEarlyHints({ raw, request }: FastifyReply, links: readonly string[]): void {
  if (raw.headersSent || request.raw.httpVersion === '1.0' || isProxied(request)) return
  raw.writeEarlyHints({ link: [...links] })
}

const PROXY_HEADER = /^(?:x-forwarded-.*|x-real-ip|forwarded|via)$/

/** Some proxies take an interim response for the final one, nginx before 1.29 among them: the page would never arrive. */
function isProxied({ headers }: FastifyRequest): boolean {
  return Object.keys(headers).some((name) => PROXY_HEADER.test(name))
}

/** A resolver that always answers from the build in service, which may change while the app runs. */
function liveView(current: () => Resolver): Resolver {
  return {
    get url() {
      return current().url
    },
    resolve: (name) => current().resolve(name),
    integrity: (name) => current().integrity(name),
    describe: (name) => current().describe(name),
    isModule: (name) => current().isModule(name),
    importMap: (entries) => current().importMap(entries),
    entry: (name) => current().entry(name),
  }
}

/** What helpers know about a request: its host, the nonces of @fastify/helmet. */
function factsOf(reply: FastifyReply): RequestFacts {
  const { cspNonce } = reply as { readonly cspNonce?: { readonly script: string; readonly style: string } }
  const { protocol, host } = reply.request
  const origin = `${protocol}://${host}`
  return { origin, nonce: cspNonce?.script, styleNonce: cspNonce?.style }
}

/** The current values of a reply's Link header. */
function linksOf(reply: FastifyReply): readonly string[] {
  return [reply.getHeader('link') ?? []].flat().flatMap((value) => String(value).split(/,\s*(?=<)/))
}

/**
 * Adds `reply.locals.static` and the other helpers, which templates of @fastify/view see as `static` and so on. They are
 * made when first read, so that requests without a template cost nothing, and survive assignments to `reply.locals`.
 */
function decorateLocals(app: FastifyInstance, helpersOf: (reply: FastifyReply) => object): void {
  if (app.hasReplyDecorator('locals')) {
    app.addHook('onRequest', async (_request, reply) => {
      const { locals } = reply as { readonly locals?: object }
      let held: object | undefined
      Object.defineProperty(reply, 'locals', {
        configurable: true,
        enumerable: true,
        get() {
          held ??= { ...helpersOf(reply), ...locals }
          return held
        },
        set(given: object) {
          held = { ...helpersOf(reply), ...given }
        },
      })
    })
    return
  }
  const held = new WeakMap<FastifyReply, object>()
  app.decorateReply('locals', {
    getter(this: FastifyReply) {
      const locals = held.get(this) ?? helpersOf(this)
      held.set(this, locals)
      return locals
    },
    setter(this: FastifyReply, locals: object) {
      held.set(this, { ...helpersOf(this), ...locals })
    },
  } as never)
}
