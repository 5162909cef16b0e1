import type { FastifyInstance, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { FingerpostError } from '../core/error.ts'
import { parsePublicUrl } from '../core/public-url.ts'
import { mountAt } from '../http/mount.ts'
import type { Storage } from '../storage/storage.ts'
import { checkLocations, checkSlash, type Location } from './check.ts'
import { createLinkSigner } from './links/link.ts'
import { createMedia, type Media } from './media.ts'
import { createMediaStorage, type MediaStorage } from './media-storage.ts'
import { type MediaConfig, type MediaOptions, resolveMediaOptions, type UploadLimits } from './options.ts'
import { createHandoff } from './read/handoff.ts'
import { addReadRoute } from './read/read-route.ts'
import { createSender } from './read/send.ts'
import { type FormOptions, type SavedForm, saveForm } from './upload/form.ts'
import { addPutRoute } from './upload/put-route.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Visitors' files: save, replace, delete, address. */
    readonly media: Media
    /** The address of a file. The same as `media.url`. */
    mediaUrl(name: string): string
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
  const { storage, limits, inline, inlineSvg, now, keys, quota } = config
  checkSlash(config.url)
  const mount = mountAt(config.url, app.prefix, undefined)
  checkPrivacy(config)
  const signing = keys === undefined ? {} : { keys }
  const files = createMediaStorage(storage, {
    maxBytes: limits.maxFileBytes,
    inline,
    inlineSvg,
    now,
    url: mount.url,
    ...signing,
  })

  await registerMultipart(app, limits)
  app.decorate('media', createMedia({ files, now, limits, quota, keys: keys ?? [] }))
  app.decorate('mediaUrl', files.url)
  app.decorateRequest('saveUploads', function (this: FastifyRequest, form: FormOptions) {
    return saveForm(form, limits, { files, now, quota, request: this })
  })
  app.addHook('onReady', () => checkLocations(locationsOf(app, config, parsePublicUrl(mount.url))))
  await addRoutes(app, mount.route, files, config)
}

/** In a scope of their own, so that the rest of the app keeps its parsers and error handlers. */
async function addRoutes(
  app: FastifyInstance,
  path: string,
  files: MediaStorage,
  config: MediaConfig,
): Promise<void> {
  const { storage, limits, now, keys, quota, inline, inlineSvg } = config
  const signer = keys === undefined ? undefined : createLinkSigner(keys, now)
  const answering = { inline, inlineSvg, resourcePolicy: config.crossOriginResourcePolicy }
  const handoff = createHandoff(storage, config.send)
  await app.register(async (scope) => {
    const send = createSender(storage, answering, config.stallSeconds * 1000)
    addReadRoute(scope, path, { options: config, signer, handoff, answering, send })
    if (signer !== undefined)
      addPutRoute(scope, path, { signer, limits, context: { files, now, quota }, answering, send })
  })
}

/** An app that takes no forms doesn't need the package. */
async function registerMultipart(app: FastifyInstance, limits: UploadLimits): Promise<void> {
  if (app.hasRequestDecorator('parts')) return
  const multipart = await import('@fastify/multipart').catch(() => undefined)
  if (multipart === undefined) return
  const { maxFileBytes, maxFiles, maxFields, maxParts, maxFieldBytes } = limits
  await app.register(multipart.default, {
    limits: {
      fileSize: maxFileBytes + 1,
      files: maxFiles,
      fields: maxFields,
      parts: maxParts,
      fieldSize: maxFieldBytes,
    },
    throwFileSizeLimit: false,
  })
}

function checkPrivacy({ private: isPrivate, keys, authorize }: MediaConfig): void {
  if (isPrivate === false || keys !== undefined || authorize !== undefined) return
  throw new FingerpostError('FP_CONFIG', 'Private media need signed links or a function that decides.', {
    remedy: 'Give the media plugin the option keys or authorize.',
  })
}

function locationsOf(app: FastifyInstance, config: MediaConfig, url: Location['url']) {
  const { storage, production = process.env['NODE_ENV'] === 'production' } = config
  const given = config.static ?? (app.hasDecorator('staticMount') ? app.staticMount : undefined)
  return {
    media: { url, root: folderOf(storage) },
    static: given && { url: parsePublicUrl(given.url), root: given.root },
    production,
    isVolatile: storage.name === 'memory',
    cwd: process.cwd(),
  }
}

function folderOf(storage: Storage): string | undefined {
  return 'root' in storage && typeof storage.root === 'string' ? storage.root : undefined
}
