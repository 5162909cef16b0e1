import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { createDigester } from '../core/digest.ts'
import { createOpener } from './body-file.ts'
import { decorate } from './decorations.ts'
import { METHOD_NOT_ALLOWED, NOT_FOUND, withoutBody } from './failure.ts'
import { compileRules } from './header-rules.ts'
import { loadManifest } from './manifest-file.ts'
import { mountAt } from './mount.ts'
import { type FingerpostOptions, parseServeOptions, type ServeSettings } from './options.ts'
import { preflight } from './preflight.ts'
import { mergeReplyHeaders } from './reply-headers.ts'
import type { Response } from './response.ts'
import { type Sender, send } from './send.ts'
import { createSite, type Site } from './site.ts'

/**
 * The Fastify plugin: serves a build below one path and answers where its files are.
 *
 * @throws FingerpostError `FP_CONFIG` for a wrong option, `FP_MANIFEST` where there is no usable build; both stop the
 * start of the app
 */
export const fingerpost = fastifyPlugin(serveBuild, { name: 'fingerpost', fastify: '5.x' })

async function serveBuild(app: FastifyInstance, options: FingerpostOptions): Promise<void> {
  const settings = parseServeOptions(options)
  const [manifest, digester, rules] = await Promise.all([
    loadManifest(settings.root),
    createDigester(),
    compileRules(settings.rules),
  ])
  const mount = mountAt(manifest.url, app.prefix, settings.prefix)
  const open = createOpener(settings.root)
  const site = createSite(manifest, { settings, rules, open, digester, url: mount.url })
  const onDamage = (error: unknown) => app.log.error(error)
  const sender: Sender = { cache: site.cache, open, digester, onDamage }
  addRoutes(app, mount.route, site, sender, settings)
  if (settings.decorate) decorate(app, site, { url: mount.url, root: settings.root })
}

type Wildcard = FastifyRequest<{ Params: { readonly '*': string } }>

function addRoutes(
  app: FastifyInstance,
  route: string,
  site: Site,
  sender: Sender,
  settings: ServeSettings,
): void {
  const miss = (request: FastifyRequest, reply: FastifyReply) => {
    if (settings.fallthrough) reply.callNotFound()
    else answer(request, reply, NOT_FOUND, sender)
  }
  app.route({
    method: ['GET', 'HEAD'],
    url: `${route}*`,
    exposeHeadRoute: false,
    handler(request: Wildcard, reply) {
      const { method, headers } = request.raw
      const response = site.answer(request.params['*'], method ?? 'GET', headers)
      if (response === undefined) miss(request, reply)
      else answer(request, reply, response, sender)
    },
  })
  app.route({
    method: ['OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: `${route}*`,
    // Before the body is looked at: a POST of any media type is a wrong method, not a wrong media type.
    onRequest(request: Wildcard, reply) {
      if (!site.has(request.params['*'])) miss(request, reply)
      else if (request.method === 'OPTIONS') answer(request, reply, preflight(settings.headers), sender)
      else answer(request, reply, METHOD_NOT_ALLOWED, sender)
    },
    handler: () => undefined,
  })
}

/** Takes the reply out of Fastify's hands, keeping the headers that hooks have set; onResponse still runs. */
function answer(request: FastifyRequest, reply: FastifyReply, response: Response, sender: Sender): void {
  const sent = response.body.kind === 'bytes' && request.method === 'HEAD' ? withoutBody(response) : response
  const headers = mergeReplyHeaders(sent.headers, reply)
  reply.hijack()
  send(reply.raw, sent, headers, sender)
}
