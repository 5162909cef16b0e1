import type { IncomingHttpHeaders } from 'node:http'
import { IDENTITY_ONLY } from '../../http/negotiation.ts'
import { createResponder, respond } from '../../http/responder.ts'
import { failure, type Response, withHeaders } from '../../http/response.ts'
import type { Storage, StoredFile } from '../../storage/storage.ts'
import { readHead } from '../content/content.ts'
import {
  type DispositionType,
  type Presentation,
  type PresentationOptions,
  presentationOf,
  STRICT_POLICY,
} from '../content/presentation.ts'

/** What holds for every file of one plugin. */
export interface AnswerOptions extends PresentationOptions {
  readonly resourcePolicy: string
}

/** The part of a request that an answer depends on. */
export interface MediaRequest {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly isPrivate: boolean
  readonly disposition: DispositionType | undefined
}

/** A file that may be sent, and how. */
export interface Sendable {
  readonly file: StoredFile
  readonly presentation: Presentation
  readonly cacheControl: string
}

/**
 * How to send a file so that it does no harm: with a type of our choice, running nothing, embedded only where allowed.
 * It is never immutable, and only the visitor's own cache may keep a private one.
 */
export async function describeFile(
  storage: Storage,
  file: StoredFile,
  request: MediaRequest,
  options: AnswerOptions,
): Promise<Sendable> {
  const head = await readHead(storage, file)
  return {
    file,
    presentation: presentationOf(file.key, head, options, request.disposition),
    cacheControl: request.isPrivate ? 'private, no-cache' : 'no-cache',
  }
}

/** Headers of every answer below the media URL, errors included. */
export function safetyHeaders(resourcePolicy: string): Readonly<Record<string, string>> {
  return {
    'x-content-type-options': 'nosniff',
    'content-security-policy': STRICT_POLICY,
    'cross-origin-resource-policy': resourcePolicy,
  }
}

/** The answer with the file's own bytes: conditions first, then the range (RFC 9110 §13.2.2, §14.2). */
export function answerWithFile(sendable: Sendable, request: MediaRequest): Response {
  const { file, presentation, cacheControl } = sendable
  const { contentType: type, contentDisposition, securityPolicy } = presentation
  const responder = createResponder(
    { file: file.key, type, size: file.size, etag: file.validator, encodings: {} },
    {
      cacheControl,
      always: ['Content-Security-Policy', securityPolicy],
      content: ['Content-Disposition', contentDisposition],
      vary: [],
      modifiedAtMs: Math.floor(file.modifiedAt.getTime() / 1000) * 1000,
    },
  )
  return respond(responder, request.method, request.headers, IDENTITY_ONLY)
}

/** Not cached: the file may exist, or be permitted, in a moment. */
export function refuse(status: 403 | 404): Response {
  return failure(status, status === 403 ? 'This file is private.' : 'There is no such file.')
}

/** An answer without a body. */
export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  const own = Object.entries(headers).flat()
  return withHeaders({ status, headers: ['Content-Length', '0'], body: { kind: 'none' } }, own)
}
