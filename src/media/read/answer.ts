import type { IncomingHttpHeaders } from 'node:http'
import type { EntityTag } from '../../http/precondition.ts'
import { allowsRange, evaluatePreconditions } from '../../http/precondition.ts'
import { formatContentRange, lengthOf, parseRange } from '../../http/range.ts'
import type { ByteRange, Storage, StoredFile } from '../../storage/storage.ts'
import { readHead } from '../content/content.ts'
import {
  type DispositionType,
  type Presentation,
  type PresentationOptions,
  presentationOf,
  STRICT_POLICY,
} from '../content/presentation.ts'

/** An answer as a value; only the plugin touches the reply. */
export interface MediaAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Undefined for no body. */
  readonly body: MediaBody | undefined
}

/** What is sent behind the headers. */
export type MediaBody =
  | { readonly kind: 'text'; readonly text: string }
  /** A stored file, or a part of it. */
  | { readonly kind: 'file'; readonly key: string; readonly range: ByteRange | undefined }

/** What holds for every file of one plugin. */
export interface AnswerOptions extends PresentationOptions {
  readonly resourcePolicy: string
}

/** A request as far as it matters. */
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
  readonly headers: Readonly<Record<string, string>>
}

/**
 * What keeps an uploaded file from harming: its type is what we say, it runs nothing, it is embedded by whom we allow.
 * It is never called immutable, and a private one is kept by nobody but the visitor who may see it.
 */
export async function describeFile(
  storage: Storage,
  file: StoredFile,
  request: MediaRequest,
  options: AnswerOptions,
): Promise<Sendable> {
  const head = await readHead(storage, file)
  const presentation = presentationOf(file.key, head, options, request.disposition)
  const headers = {
    ...safetyHeaders(options.resourcePolicy, presentation.securityPolicy),
    'content-type': presentation.contentType,
    'content-disposition': presentation.contentDisposition,
    'cache-control': request.isPrivate ? 'private, no-cache' : 'no-cache',
  }
  return { file, presentation, headers }
}

/** Sent with every answer below the media URL, errors included. */
export function safetyHeaders(
  resourcePolicy: string,
  securityPolicy = STRICT_POLICY,
): Readonly<Record<string, string>> {
  return {
    'x-content-type-options': 'nosniff',
    'content-security-policy': securityPolicy,
    'cross-origin-resource-policy': resourcePolicy,
  }
}

/** The answer with the file's own bytes: conditions first, then the range (RFC 9110 §13.2.2, §14.2). */
export function answerWithFile({ file, headers }: Sendable, request: MediaRequest): MediaAnswer {
  const etag = etagOf(file)
  const modifiedAtMs = Math.floor(file.modifiedAt.getTime() / 1000) * 1000
  const common = {
    ...headers,
    etag,
    'last-modified': new Date(modifiedAtMs).toUTCString(),
    'accept-ranges': 'bytes',
  }
  const verdict = evaluatePreconditions(request.headers, { etag, modifiedAtMs })
  if (verdict !== 'proceed')
    return { status: verdict === 'failed' ? 412 : 304, headers: common, body: undefined }
  const range = rangeOf(request, etag, file.size)
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...common, 'content-range': `bytes */${file.size}` }, body: undefined }
  }
  const length = range === undefined ? file.size : lengthOf(range)
  const partial = range === undefined ? {} : { 'content-range': formatContentRange(range, file.size) }
  return {
    status: range === undefined ? 200 : 206,
    headers: { ...common, ...partial, 'content-length': String(length) },
    // An empty file has no byte a range could name.
    body: request.method === 'HEAD' || length === 0 ? undefined : { kind: 'file', key: file.key, range },
  }
}

/** Tells one content of a file from the next, since every save makes a new file. */
export function etagOf({ size, modifiedAt }: Pick<StoredFile, 'size' | 'modifiedAt'>): EntityTag {
  return `"${size.toString(16)}-${modifiedAt.getTime().toString(16)}"`
}

function rangeOf(request: MediaRequest, etag: string, size: number): ByteRange | 'unsatisfiable' | undefined {
  const { range, 'if-range': ifRange } = request.headers
  if (range === undefined || request.method !== 'GET') return undefined
  if (!allowsRange(typeof ifRange === 'string' ? ifRange : undefined, etag)) return undefined
  const parsed = parseRange(range, size)
  if (parsed.kind === 'part') return parsed.range
  // Several ranges of an upload are nobody's need; the whole is a permitted answer.
  return parsed.kind === 'unsatisfiable' ? 'unsatisfiable' : undefined
}
