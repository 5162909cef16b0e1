import { createHmac, randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import { asAnything, asCountWithin, asOneOf, parseOptions, wrongShape } from '../../core/option.ts'
import { temporaryKeyFor } from '../../storage/key.ts'
import type { ObjectStore } from '../../storage/storage.ts'
import { overLimit } from '../content/content.ts'
import { isSafeKey, unsafeName, withSuffix } from '../content/name.ts'
import { storedTypeOf } from '../content/presentation.ts'
import type { MediaStorage } from '../media-storage.ts'
import type { Quota } from '../options.ts'
import { isSame, type LinkKey } from './link.ts'

/** What a browser may upload straight to the object store. */
export interface DirectUploadOptions {
  /** The name asked for; a random suffix is added. */
  readonly name: string
  readonly maxBytes: number
  /** A form (POST) has its limits in a signed policy; a PUT needs the exact size. Default `POST`. */
  readonly method?: 'POST' | 'PUT'
  /** PUT: the exact number of bytes. */
  readonly bytes?: number
  /** Default one hour, at most seven days. */
  readonly expiresInSeconds?: number
  /** Handed to the quota; needed if the plugin has one. */
  readonly request?: FastifyRequest
}

/** How to upload, and the ticket to hand in afterwards. */
export interface DirectUpload {
  readonly method: 'POST' | 'PUT'
  readonly url: string
  /** POST: form fields to send before the field `file`. PUT: none. */
  readonly fields: Readonly<Record<string, string>>
  /** PUT: headers to send. POST: none. */
  readonly headers: Readonly<Record<string, string>>
  /** Proves at the end which upload was permitted. It can't be altered, and isn't secret. */
  readonly ticket: string
}

/** Permits direct uploads and checks what arrived. */
export interface DirectUploads {
  /** @throws FingerpostError `FP_CONFIG` for a wrong option, `FP_PATH` for an unsafe name, `FP_LIMIT`; what the quota throws */
  create(options: DirectUploadOptions): Promise<DirectUpload>
  /**
   * Checks the size of what arrived, and that an image is one, and moves it to its final name, for which nobody has a
   * permission to write. What isn't as agreed is removed. May be called again with the same ticket.
   *
   * @param request handed to the quota; needed if the plugin has one
   * @returns the name
   * @throws FingerpostError `FP_LINK` (403) for an altered or expired ticket, `FP_NOT_FOUND` (404) if nothing arrived,
   * `FP_LIMIT`, `FP_UPLOAD`
   */
  complete(ticket: string, request?: FastifyRequest): Promise<string>
}

/** What direct uploads are made of. */
export interface DirectParts {
  readonly store: ObjectStore
  readonly files: MediaStorage
  /** The keys of signed links sign the tickets. */
  readonly keys: readonly LinkKey[]
  readonly quota: Quota<FastifyRequest> | undefined
  readonly now: () => number
}

interface Ticket {
  /** Where the browser puts the bytes. */
  readonly temporary: string
  readonly name: string
  readonly maxBytes: number
  /** Seconds since 1970. */
  readonly expires: number
}

export function createDirectUploads(parts: DirectParts): DirectUploads {
  const { store, keys, now } = parts
  return {
    async create(given) {
      const options = readOptions(given)
      const { method, contentLength, expiresInSeconds } = options
      const name = withSuffix(options.name, `_${randomBytes(9).toString('base64url')}`)
      const maxBytes = await askQuota(parts, options)
      const contentType = storedTypeOf(name)
      const temporary = temporaryKeyFor(name)
      const expires = Math.floor(now() / 1000) + expiresInSeconds
      const ticket = formatTicket({ temporary, name, maxBytes, expires }, keys)
      if (method === 'PUT') {
        const url = await store.signedUrl(temporary, { method, contentType, contentLength, expiresInSeconds })
        return { method, url, fields: {}, headers: { 'content-type': contentType }, ticket }
      }
      const { url, fields } = await store.presignedPost(temporary, {
        maxBytes,
        contentType,
        expiresInSeconds,
      })
      return { method, url, fields, headers: {}, ticket }
    },
    async complete(text, request) {
      const ticket = parseTicket(text, keys)
      if (ticket === undefined) throw badTicket('missing, or it was altered')
      if (ticket.expires * 1000 <= now()) throw badTicket('expired')
      return admit(parts, ticket, request)
    },
  }
}

function readOptions(given: DirectUploadOptions) {
  const where = "direct.create()'s options"
  const atLeastOne = asCountWithin(1, Number.MAX_SAFE_INTEGER)
  const options = parseOptions<DirectUploadOptions>(
    given,
    {
      name: asAnything,
      maxBytes: atLeastOne,
      method: asOneOf('POST', 'PUT'),
      bytes: atLeastOne,
      expiresInSeconds: asCountWithin(1, LIMITS.linkMaxSeconds),
      request: asAnything,
    },
    where,
  )
  const { name, maxBytes, method = 'POST', bytes, request } = options
  const { expiresInSeconds = LIMITS.linkDefaultSeconds } = options
  if (typeof name !== 'string' || maxBytes === undefined) throw wrongShape(given, where, '{ name, maxBytes }')
  if (method === 'PUT' && bytes === undefined) throw wrongShape(bytes, 'bytes', "the file's size for a PUT")
  if (!isSafeKey(name)) throw unsafeName(name)
  const contentLength = bytes ?? maxBytes
  if (contentLength > maxBytes) throw overLimit('The file', maxBytes)
  return { name, maxBytes, method, contentLength, expiresInSeconds, request }
}

/** Nothing stays reserved until the upload is completed: it may never be. */
async function askQuota(
  { quota }: DirectParts,
  { name, maxBytes, method, contentLength, request }: ReturnType<typeof readOptions>,
): Promise<number> {
  if (quota === undefined) return maxBytes
  const wanted = method === 'PUT' ? contentLength : maxBytes
  const lease = await quota.reserve(checkRequest(request), { name, maxBytes: wanted })
  await lease.rollback()
  if (lease.maxBytes < (method === 'PUT' ? contentLength : 1)) throw overLimit('The file', lease.maxBytes)
  return Math.min(wanted, lease.maxBytes)
}

async function admit(
  parts: DirectParts,
  ticket: Ticket,
  request: FastifyRequest | undefined,
): Promise<string> {
  const { files, store, quota } = parts
  const { temporary, name, maxBytes } = ticket
  // Completed before: what may have been uploaded again is dropped.
  if ((await store.stat(name)) !== undefined) {
    await store.delete(temporary)
    return name
  }
  const arrived = await store.stat(temporary)
  if (arrived === undefined) {
    throw new FingerpostError('FP_NOT_FOUND', `The upload ${name} never arrived.`, { statusCode: 404 })
  }
  const { size, validator } = arrived
  const lease = await quota?.reserve(checkRequest(request), { name, maxBytes: size })
  let isMoved = false
  try {
    await files.admit(temporary, name, {
      validator,
      maxBytes: Math.min(maxBytes, lease?.maxBytes ?? maxBytes),
    })
    isMoved = true
    await lease?.commit(size)
    return name
  } catch (error) {
    await lease?.rollback()
    // Two calls with one ticket: the other one was faster.
    if (!isMoved && (await store.stat(name)) !== undefined) return name
    await (isMoved ? files.delete(name) : store.delete(temporary))
    throw error
  }
}

function checkRequest(request: FastifyRequest | undefined): FastifyRequest {
  if (request !== undefined) return request
  throw new FingerpostError('FP_CONFIG', 'The quota needs the request of a direct upload.', {
    remedy: 'Write: direct.create({ …, request }) and direct.complete(ticket, request)',
  })
}

function formatTicket({ temporary, name, maxBytes, expires }: Ticket, keys: readonly LinkKey[]): string {
  const body = Buffer.from(JSON.stringify([temporary, name, maxBytes, expires])).toString('base64url')
  return `${body}.${macOf(body, keys[0])}`
}

function parseTicket(text: unknown, keys: readonly LinkKey[]): Ticket | undefined {
  const [body = '', mac] = typeof text === 'string' ? text.split('.') : []
  if (!keys.some((key) => isSame(mac, macOf(body, key)))) return undefined
  const [temporary, name, maxBytes, expires] = JSON.parse(Buffer.from(body, 'base64url').toString())
  return { temporary, name, maxBytes, expires }
}

function macOf(body: string, key: LinkKey | undefined): string {
  if (key === undefined)
    throw new FingerpostError('FP_CONFIG', 'Direct uploads need keys to sign their tickets.', {
      remedy: 'Give the media plugin the option keys.',
    })
  return createHmac('sha256', key.secret).update(`fingerpost direct upload 2:${body}`).digest('base64url')
}

function badTicket(fault: string): FingerpostError {
  return new FingerpostError('FP_LINK', `The ticket of this upload is ${fault}.`, { statusCode: 403 })
}
