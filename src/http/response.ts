import type { Digest } from '../core/digest.ts'
import type { VariantEncoding } from '../core/encoding.ts'
import type { ByteRange } from '../storage/storage.ts'

/** Names and values in turn, as `http.ServerResponse#writeHead` takes them: `['ETag', '"3f9a"', …]`. */
export type RawHeaders = readonly string[]

/** The file a body is read from, and what the manifest promises of it. */
export interface BodyFile {
  /** Relative to the build's folder. */
  readonly path: string
  /** What it is kept in memory under: path and digest, as a later build may put other bytes under the same path. */
  readonly key: string
  readonly encoding: VariantEncoding
  /** Bytes. */
  readonly size: number
  /** Of all its bytes. */
  readonly digest: Digest
}

/** One piece of a multipart answer: its header lines, then its bytes (RFC 9110 §14.6). */
export interface Part {
  readonly head: Buffer
  readonly range: ByteRange
}

/** What follows the headers. */
export type Body =
  /** Nothing, whatever Content-Length says: the answer to HEAD, 304, 204. */
  | { readonly kind: 'none' }
  /** ASCII alone. Node joins a string with the head into one piece to write; a buffer is a second one. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly file: BodyFile }
  | { readonly kind: 'range'; readonly file: BodyFile; readonly range: ByteRange }
  | {
      readonly kind: 'parts'
      readonly file: BodyFile
      readonly parts: readonly Part[]
      readonly tail: Buffer
    }

/** An answer as a value. Only `send` touches a reply (law 6). */
export interface Response {
  readonly status: number
  readonly headers: RawHeaders
  readonly body: Body
  /** What to send instead if the body's file isn't what the manifest promises. */
  readonly fallback?: Response | undefined
}

export const NO_BODY: Body = { kind: 'none' }

/** The value of the first header of this name, in any letter case. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  const lower = name.toLowerCase()
  for (let i = 0; i < headers.length; i += 2) if (headers[i]?.toLowerCase() === lower) return headers[i + 1]
  return undefined
}
