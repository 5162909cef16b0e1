import type { FastifyInstance, FastifyReply } from 'fastify'
import { FingerpostError } from '../core/error.ts'
import type { ImportMapOptions } from '../resolve/import-map.ts'
import { preloadLinks } from './preload.ts'
import type { Reloader } from './reload.ts'
import type { Site, StaticStats } from './site.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The public URL of a file of the build. @throws FingerpostError `FP_UNKNOWN_NAME` with the nearest names */
    static(name: string): string
    /** `sha384-…`, for the attribute `integrity`. @throws FingerpostError `FP_UNKNOWN_NAME` */
    staticIntegrity(name: string): string
    /** Where the build appears and lies: what other plugins must keep away from. */
    readonly staticMount: { readonly url: string; readonly root: string }
    /**
     * The tag `<script type="importmap">` of the build, with the integrity of every module: to be put before the first
     * module of a page. @throws FingerpostError `FP_UNKNOWN_NAME` for an entry the build doesn't have
     */
    importMap(options?: ImportMapOptions): string
    /** Looks for a new build now; true if one was taken into service. @throws FingerpostError `FP_MANIFEST` */
    staticReload(): Promise<boolean>
    /** Counters for metrics. */
    staticStats(): StaticStats
  }
  interface FastifyReply {
    /** As `app.static`. */
    static(name: string): string
    /**
     * Adds Link headers for files the page uses and for what they need first, from the build's graph of references.
     * With the option `earlyHints` they are sent at once as 103 Early Hints too.
     *
     * @throws FingerpostError `FP_UNKNOWN_NAME`
     */
    preload(...names: readonly string[]): FastifyReply
  }
}

/** What stands behind the decorations. */
export interface DecorationParts {
  readonly site: Site
  readonly reloader: Reloader
  readonly earlyHints: boolean
  readonly mount: FastifyInstance['staticMount']
}

/**
 * Adds `static` and its kin to an app.
 *
 * @throws FingerpostError `FP_CONFIG` if another build has done so in this scope
 */
export function decorate(app: FastifyInstance, { site, reloader, earlyHints, mount }: DecorationParts): void {
  if (app.hasDecorator('static')) {
    throw new FingerpostError('FP_CONFIG', 'This app has static() from another build already.', {
      remedy: 'Register one of them with decorate: false, or each in a scope of its own.',
    })
  }
  const url = (name: string) => site.current.resolver.resolve(name)
  app.decorate('static', url)
  app.decorate('staticIntegrity', (name) => site.current.resolver.integrity(name))
  app.decorate('staticReload', () => reloader.reload())
  app.decorate('staticMount', mount)
  app.decorate('importMap', (options) => site.current.importMap(options))
  app.decorate('staticStats', () => site.stats())
  app.decorateReply('static', url)
  app.decorateReply('preload', function (this: FastifyReply, ...names: readonly string[]) {
    const links = preloadLinks(site.current.resolver, names)
    if (earlyHints && links.length > 0) this.raw.writeEarlyHints({ link: [...links] })
    return addLinks(this, links)
  })
  decorateLocals(app, url)
}

/** One header with all values, those that are there already first; each once. */
function addLinks(reply: FastifyReply, links: readonly string[]): FastifyReply {
  const before = reply.getHeader('link')
  const known = [before ?? ''].flat().flatMap((value) => String(value).split(/,\s*(?=<)/))
  const values = new Set([...known.filter((value) => value !== ''), ...links])
  return values.size === 0 ? reply : reply.header('link', [...values].join(', '))
}

/**
 * `reply.locals.static`, which templates of @fastify/view see as `static`. Made when first read, so that requests
 * without a template pay nothing; what the app assigns to `reply.locals` keeps it.
 */
function decorateLocals(app: FastifyInstance, url: (name: string) => string): void {
  if (app.hasReplyDecorator('locals')) {
    app.addHook('onRequest', async (_request, reply) => {
      const holder = reply as { locals?: object }
      holder.locals = { static: url, ...holder.locals }
    })
    return
  }
  const held = new WeakMap<FastifyReply, object>()
  app.decorateReply('locals', {
    getter(this: FastifyReply) {
      const locals = held.get(this) ?? { static: url }
      held.set(this, locals)
      return locals
    },
    setter(this: FastifyReply, locals: object) {
      held.set(this, { static: url, ...locals })
    },
  } as never)
}
