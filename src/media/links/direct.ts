import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { FingerpostError } from '../../core/error.ts'
import { LIMITS } from '../../core/limit.ts'
import type { ObjectStore } from '../../storage/storage.ts'
import { overLimit, readHead } from '../content/content.ts'
import { agreesWithName } from '../content/image.ts'
import { isSafeKey, unsafeName, withSuffix } from '../content/name.ts'
import { storedTypeOf } from '../content/presentation.ts'
import type { LinkKey } from './link.ts'

/** What a browser may upload straight to the object store. */
export interface DirectUploadOptions {
  /** The name asked for; a random suffix is always added, since a signature can't make sure that a name is free. */
  readonly name: string
  readonly maxBytes: number
  /** A form (POST) has its limits in a signed policy; a PUT needs the exact size. Default `POST`. */
  readonly method?: 'POST' | 'PUT'
  /** PUT: the exact number of bytes. */
  readonly bytes?: number
  /** Default one hour. */
  readonly expiresInSeconds?: number
}

/** How to upload, and the ticket to hand in afterwards. */
export interface DirectUpload {
  readonly method: 'POST' | 'PUT'
  readonly url: string
  /** POST: form fields to send before the field `file`. PUT: none. */
  readonly fields: Readonly<Record<string, string>>
  /** PUT: headers to send. POST: none. */
  readonly headers: Readonly<Record<string, string>>
  /** Proves at the end which upload was permitted; not secret, not alterable. */
  readonly ticket: string
}

/** Grants direct uploads and checks what came of them. */
export interface DirectUploads {
  create(options: DirectUploadOptions): Promise<DirectUpload>
  /**
   * Looks at what arrived: size, and that an image is one. What isn't as agreed is removed.
   *
   * @returns the name
   * @throws FingerpostError `FP_LINK` (403) for an altered or expired ticket, `FP_NOT_FOUND` if nothing arrived,
   * `FP_LIMIT`, `FP_UPLOAD`
   */
  complete(ticket: string): Promise<string>
}

interface Ticket {
  readonly name: string
  readonly maxBytes: number
  /** Seconds since 1970. */
  readonly expires: number
}

/** Makes the granting and checking side of direct uploads, with the keys of signed links. */
export function createDirectUploads(
  storage: ObjectStore,
  keys: readonly LinkKey[],
  now: () => number,
): DirectUploads {
  return {
    async create(options) {
      const { maxBytes, method = 'POST', bytes = maxBytes } = options
      const { expiresInSeconds = LIMITS.linkDefaultSeconds } = options
      if (bytes > maxBytes) throw overLimit('The file', maxBytes)
      if (!isSafeKey(options.name)) throw unsafeName(options.name)
      const name = withSuffix(options.name, `_${randomBytes(9).toString('base64url')}`)
      const contentType = storedTypeOf(name)
      const expires = Math.floor(now() / 1000) + expiresInSeconds
      const ticket = formatTicket({ name, maxBytes, expires }, keys)
      if (method === 'PUT') {
        const signing = { method, contentType, contentLength: bytes, expiresInSeconds }
        const url = await storage.signedUrl(name, signing)
        return { method, url, fields: {}, headers: { 'content-type': contentType }, ticket }
      }
      const { url, fields } = await storage.presignedPost(name, { maxBytes, contentType, expiresInSeconds })
      return { method, url, fields, headers: {}, ticket }
    },
    async complete(text) {
      const ticket = parseTicket(text, keys)
      if (ticket === undefined) throw badTicket('altered')
      if (ticket.expires * 1000 <= now()) throw badTicket('expired')
      return checkArrived(storage, ticket)
    },
  }
}

async function checkArrived(storage: ObjectStore, { name, maxBytes }: Ticket): Promise<string> {
  const file = await storage.stat(name)
  if (file === undefined) {
    throw new FingerpostError('FP_NOT_FOUND', `The upload ${name} never arrived.`, { statusCode: 404 })
  }
  const isAsNamed = agreesWithName(name, await readHead(storage, file))
  if (isAsNamed && file.size <= maxBytes) return name
  await storage.delete(name)
  if (file.size > maxBytes) throw overLimit('The file', maxBytes)
  throw new FingerpostError('FP_UPLOAD', `${JSON.stringify(name)} is not the kind of image its name says.`, {
    statusCode: 400,
  })
}

function formatTicket(ticket: Ticket, keys: readonly LinkKey[]): string {
  const body = Buffer.from(JSON.stringify([ticket.name, ticket.maxBytes, ticket.expires])).toString(
    'base64url',
  )
  return `${body}.${macOf(body, keys[0])}`
}

function parseTicket(text: string, keys: readonly LinkKey[]): Ticket | undefined {
  const [body = '', mac = ''] = text.split('.')
  if (!keys.some((key) => isSame(mac, macOf(body, key)))) return undefined
  const [name, maxBytes, expires] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [
    string,
    number,
    number,
  ]
  return { name, maxBytes, expires }
}

function macOf(body: string, key: LinkKey | undefined): string {
  if (key === undefined)
    throw new FingerpostError('FP_CONFIG', 'Direct uploads need keys to sign their tickets.')
  return createHmac('sha256', key.secret).update(`fingerpost direct upload 1:${body}`).digest('base64url')
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

function badTicket(fault: string): FingerpostError {
  return new FingerpostError('FP_LINK', `The ticket of this upload is ${fault}.`, { statusCode: 403 })
}
