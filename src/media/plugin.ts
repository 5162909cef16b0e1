import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { FingerpostError } from '../core/error.ts'
import { parsePublicUrl } from '../core/public-url.ts'
import { mountAt } from '../serve/mount.ts'
import {
  type AnswerOptions,
  answerWithFile,
  describeFile,
  type MediaAnswer,
  type MediaRequest,
  safetyHeaders,
} from './answer.ts'
import { checkMounts, checkSlash, type Mount } from './check.ts'
import { type FormOptions, type SavedForm, saveForm } from './form.ts'
import { createHandoff, type Handoff } from './handoff.ts'
import { createLinkSigner, type LinkSigner, type LinkVerdict } from './link.ts'
import { createMedia, type Media } from './media.ts'
import { createMediaStorage } from './media-storage.ts'
import { isSafeKey } from './name.ts'
import { type MediaOptions, UPLOAD_LIMITS, type UploadLimits } from './options.ts'
import { sendAnswer } from './send.ts'

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
 * @throws FingerpostError `FP_CONFIG` where the set-up is dangerous, with every reason; it stops the start of the app
 */
export const media = fastifyPlugin(serveMedia, { name: 'fingerpost-media', fastify: '5.x' })

/** What the routes need. */
interface Serving {
  readonly options: MediaOptions
  readonly signer: LinkSigner | undefined
  readonly handoff: Handoff
  readonly answering: AnswerOptions
}

async function serveMedia(app: FastifyInstance, options: MediaOptions): Promise<void> {
  const { storage, url = '/media/', now = Date.now, keys, inlineSvg = false } = options
  checkSlash(url)
  const mount = mountAt(url, app.prefix, undefined)
  const publicUrl = parsePublicUrl(mount.url)
  const limits: UploadLimits = { ...UPLOAD_LIMITS, ...options.limits }
  const signer = keys === undefined ? undefined : createLinkSigner(keys, now)
  checkPrivacy(options)
  const files = createMediaStorage(storage, { maxBytes: limits.maxFileBytes, inlineSvg, now })
  const handoff = createHandoff(storage, options.send ?? 'app')
  const resourcePolicy = options.crossOriginResourcePolicy ?? 'same-origin'

  await registerMultipart(app, limits)
  const context = { files, now, limits, quota: options.quota, signer, keys: keys ?? [], publicUrl }
  const made = createMedia(context)
  app.decorate('media', made)
  app.decorate('mediaUrl', made.url)
  app.decorateRequest('saveUploads', function (this: FastifyRequest, form: FormOptions) {
    return saveForm(form, limits, { files, now, quota: options.quota, request: this })
  })
  app.addHook('onReady', () => checkMounts(mountsOf(app, options, publicUrl)))
  addRoute(app, mount.route, { options, signer, handoff, answering: { inlineSvg, resourcePolicy } })
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

function checkPrivacy({ private: isPrivate, keys, authorize }: MediaOptions): void {
  if (isPrivate === undefined || isPrivate === false || keys !== undefined || authorize !== undefined) return
  throw new FingerpostError(
    'FP_CONFIG',
    'Private media need keys for signed links, or a hook that decides.',
    {
      remedy: 'Give the media plugin the option keys or authorize.',
    },
  )
}

function mountsOf(app: FastifyInstance, options: MediaOptions, url: Mount['url']) {
  const { storage, production = process.env['NODE_ENV'] === 'production' } = options
  const root = 'root' in storage && typeof storage.root === 'string' ? storage.root : undefined
  const given = options.static ?? (app.hasDecorator('staticMount') ? app.staticMount : undefined)
  return {
    media: { url, root },
    static: given && { url: parsePublicUrl(given.url), root: given.root },
    production,
    isVolatile: storage.name === 'memory',
    cwd: process.cwd(),
  }
}

type Wildcard = FastifyRequest<{ Params: { readonly '*': string } }>

function addRoute(app: FastifyInstance, pathname: string, serving: Serving): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: `${pathname}*`,
    exposeHeadRoute: false,
    async handler(request: Wildcard, reply: FastifyReply) {
      const answer = await answerRequest(request, request.params['*'], serving)
      return sendAnswer(reply, answer)
    },
  })
}

async function answerRequest(request: FastifyRequest, name: string, serving: Serving): Promise<MediaAnswer> {
  const { options, handoff, answering } = serving
  const { storage } = options
  // A name no upload can have is none that is stored: neither is looked for on the disk.
  if (!isSafeKey(name)) return refusal(404, answering)
  const isPrivate = isPrivateName(name, options.private)
  const query = request.query as Readonly<Record<string, unknown>>
  const link = serving.signer?.verify(name, request.method, query) ?? 'unsigned'
  if (isPrivate && !(await mayRead(request, name, link, options))) return refusal(403, answering)
  const file = await statOrUndefined(serving, name)
  if (file === undefined) return refusal(404, answering)
  const disposition = query['disposition'] === 'attachment' ? 'attachment' : undefined
  const described: MediaRequest = { method: request.method, headers: request.headers, isPrivate, disposition }
  const sendable = await describeFile(storage, file, described, answering)
  return handoff === undefined ? answerWithFile(storage, sendable, described) : handoff(sendable)
}

async function statOrUndefined({ options: { storage } }: Serving, name: string) {
  try {
    return await storage.stat(name)
  } catch (error) {
    // A link that leads out of the folder: for visitors there is nothing.
    if (error instanceof FingerpostError && error.code === 'FP_PATH') return undefined
    throw error
  }
}

function isPrivateName(name: string, option: MediaOptions['private']): boolean {
  if (option === undefined || typeof option === 'boolean') return option === true
  return typeof option === 'function' ? option(name) : option.some((prefix) => name.startsWith(prefix))
}

function mayRead(
  request: FastifyRequest,
  name: string,
  link: LinkVerdict,
  { authorize }: MediaOptions,
): boolean | Promise<boolean> {
  return authorize === undefined ? link === 'valid' : authorize(request, { name, link })
}

/** Never kept by anybody: the file may be there, or permitted, in a moment. */
function refusal(status: 403 | 404, { resourcePolicy }: AnswerOptions): MediaAnswer {
  const headers = {
    ...safetyHeaders(resourcePolicy),
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
  }
  const text = status === 403 ? 'This file is private.\n' : 'There is no such file.\n'
  return { status, headers, body: textBody(text) }
}

async function* textBody(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}
