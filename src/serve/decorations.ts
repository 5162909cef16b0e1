import type { FastifyInstance, FastifyReply } from 'fastify'
import { FingerpostError } from '../core/error.ts'
import type { ImportMapOptions } from '../resolve/import-map.ts'
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
    /** Counters for metrics. */
    staticStats(): StaticStats
  }
  interface FastifyReply {
    /** As `app.static`. */
    static(name: string): string
  }
}

/**
 * Adds `static` and its kin to an app.
 *
 * @throws FingerpostError `FP_CONFIG` if another build has done so in this scope
 */
export function decorate(app: FastifyInstance, site: Site, mount: FastifyInstance['staticMount']): void {
  if (app.hasDecorator('static')) {
    throw new FingerpostError('FP_CONFIG', 'This app has static() from another build already.', {
      remedy: 'Register one of them with decorate: false, or each in a scope of its own.',
    })
  }
  const url = (name: string) => site.resolver().resolve(name)
  app.decorate('static', url)
  app.decorate('staticIntegrity', (name) => site.resolver().integrity(name))
  app.decorate('staticMount', mount)
  app.decorate('importMap', (options) => site.importMap(options))
  app.decorate('staticStats', () => site.stats())
  app.decorateReply('static', url)
  decorateLocals(app, url)
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
