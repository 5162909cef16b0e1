import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { FingerpostError } from '../core/error.ts'
import { parsePublicUrl } from '../core/public-url.ts'
import { reserveRoute } from '../http/exclusive-route.ts'
import { createLog } from '../http/log.ts'
import { mountAt } from '../http/mount.ts'
import { limitStreams } from '../http/reply.ts'
import { missingMediaUrl } from '../template/missing-helper.ts'
import { checkLocations, checkSlash, type Location } from './check.ts'
import { createVariantMaker } from './content/variant.ts'
import { rootOf } from './inspect.ts'
import { createLinkSigner } from './links/link.ts'
import { createMedia, type Media } from './media.ts'
import { createMediaStorage, type UrlChoice } from './media-storage.ts'
import { type MediaConfig, type MediaOptions, resolveMediaOptions } from './options.ts'
import { withPublicFaults } from './public-faults.ts'
import { addAdvice } from './read/advice.ts'
import { createHandoff } from './read/handoff.ts'
import { createPrivacy } from './read/privacy.ts'
import { addReadRoute } from './read/read-route.ts'
import { createSender } from './read/send.ts'
import { type FormOptions, receiveForm, type SavedForm } from './upload/form.ts'
import { createIntake } from './upload/intake.ts'
import { registerMultipart } from './upload/parts.ts'
import { addPutRoute } from './upload/put-route.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Visitors' files: save, replace, delete, address. */
    readonly media: Media
    /** The address of a file. The same as `media.url`. */
    mediaUrl(name: string, choice?: UrlChoice): string
  }
  interface FastifyRequest {
    /** Stores the files of a form, all or none. Needs @fastify/multipart. */
    saveUploads(options: FormOptions): Promise<SavedForm>
  }
}

/**
 * The Fastify plugin for what visitors upload. Registers @fastify/multipart unless the app has done so.
 *
 * @throws FingerpostError `FP_CONFIG` for a wrong option, and where the set-up is dangerous, with every reason; it stops
 * the start of the app
 */
export const media = fastifyPlugin(serveMedia, { name: 'fingerpost-media', fastify: '5.x' })

async function serveMedia(app: FastifyInstance, given: MediaOptions): Promise<void> {
  const config = resolveMediaOptions(given)
  refuseSecond(app)
  const { storage, limits, inline, inlineSvg, now, keys, quota, variants } = config
  checkSlash(config.url)
  const mount = mountAt(config.url, app.prefix, undefined)
  const isPrivate = createPrivacy(config, mount.path)
  const signing = keys === undefined ? {} : { keys }
  const files = createMediaStorage(withPublicFaults(storage, createLog(app.log)), {
    maxBytes: limits.maxFileBytes,
    inline,
    inlineSvg,
    now,
    variants,
    url: mount.url,
    ...signing,
  })

  limitStreams(app.server)
  await registerMultipart(app, limits)
  const stallMs = config.stallSeconds * 1000
  const intake = createIntake({ ...limits, stallMs })
  app.decorate('media', createMedia({ files, now, limits, quota, intake, keys: keys ?? [] }))
  if (app.mediaUrl === missingMediaUrl) app.mediaUrl = files.url
  else app.decorate('mediaUrl', files.url)
  addForms(app, (form, request) =>
    intake.take(request.raw, (wait) => receiveForm(form, limits, { files, now, quota, request, wait })),
  )
  const { production = process.env['NODE_ENV'] === 'production' } = config
  addAdvice(app, files, production)
  app.addHook('onReady', () =>
    checkLocations(locationsOf(app, config, production, parsePublicUrl(mount.url))),
  )
  const signer = keys === undefined ? undefined : createLinkSigner(keys, now)
  const answering = { inline, inlineSvg, resourcePolicy: config.crossOriginResourcePolicy }
  const { originalOf } = createVariantMaker(variants)
  const handoff = createHandoff(storage, config.send)
  const send = createSender(storage, answering, stallMs)
  // In a scope of their own, so that the rest of the app keeps its parsers and error handlers.
  await app.register(async (scope) => {
    const { route, path } = mount
    addReadRoute(scope, route, { config, path, isPrivate, signer, handoff, originalOf, answering, send })
    if (signer !== undefined)
      addPutRoute(scope, route, { signer, limits, files, quota, now, intake, answering, send })
  })
  reserveRoute(app, `${mount.path}*`)
}

function refuseSecond(app: FastifyInstance): void {
  if (!app.hasDecorator('media')) return
  throw new FingerpostError('FP_CONFIG', 'Media are already registered in this app.', {
    remedy: 'Register them once, or each storage in a scope of its own: app.register(async (scope) => …)',
  })
}

/** Adds `request.saveUploads`. What it received is kept or undone when the handler has decided. */
function addForms(
  app: FastifyInstance,
  receive: (options: FormOptions, request: FastifyRequest) => Promise<SavedForm>,
): void {
  const received = new WeakMap<FastifyRequest, SavedForm[]>()
  app.decorateRequest('saveUploads', async function (this: FastifyRequest, options: FormOptions) {
    const form = await receive(options, this)
    received.set(this, [...(received.get(this) ?? []), form])
    return form
  })
  const settle = async (request: FastifyRequest, { statusCode }: FastifyReply) => {
    const forms = received.get(request) ?? []
    received.delete(request)
    for (const form of forms) await (statusCode < 400 ? form.commit() : form.rollback())
  }
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!received.has(request)) done(null, payload)
    else {
      // Fastify throws what it can't send.
      settle(request, reply)
        .then(() => done(null, payload))
        .catch(done)
    }
  })
  // An answer that was sent past Fastify (reply.hijack) had no onSend.
  app.addHook('onResponse', (request, reply, done) => {
    if (!received.has(request)) done()
    else settle(request, reply).then(() => done(), done)
  })
}

function locationsOf(
  app: FastifyInstance,
  { storage, ...config }: MediaConfig,
  production: boolean,
  url: Location['url'],
) {
  const given = config.static ?? (app.hasDecorator('staticMount') ? app.staticMount : undefined)
  return {
    media: { url, root: rootOf(storage) },
    static: given && { url: parsePublicUrl(given.url), root: given.root },
    production,
    isVolatile: storage.name === 'memory',
    warn: createLog(app.log).warn,
    cwd: process.cwd(),
  }
}
