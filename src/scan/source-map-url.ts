import type { Spelling } from '../core/reference/reference.ts'

/** What a comment contains after its opening, as ECMA-426 §11.1.2.1 (MatchSourceMapURL) reads it. */
const DIRECTIVE = /^[@#]\s*sourceMappingURL=(\S+)\s*$/

/** `data:application/json;charset=utf-8;base64,` (RFC 2397 §3). */
const DATA_HEAD = /^data:[^,]*,/i

/**
 * The URL in a source map comment; undefined for any other comment.
 *
 * @param body the text between the comment's opening and its end
 * @param start where `body` stands in the file
 */
export function spellSourceMapUrl(body: string, start: number): Spelling | undefined {
  // Skip other comments early: nearly all are, and some are huge.
  if (body[0] !== '#' && body[0] !== '@') return undefined
  const url = DIRECTIVE.exec(body)?.[1]
  if (url === undefined) return undefined
  const at = start + body.indexOf('=') + 1
  return { text: url, start: at, end: at + url.length }
}

/** A `data:` URL taken apart, so that its text can be read and written back in the same form. */
export interface DataUrl {
  /** Length of everything before the data, the comma included. */
  readonly headLength: number
  readonly form: 'base64' | 'percent'
  /** The data as UTF-8 text. */
  readonly text: string
}

/** Reads a `data:` URL as text; undefined for any other URL and for damaged percent-encoding. */
export function readDataUrl(url: string): DataUrl | undefined {
  const head = DATA_HEAD.exec(url)?.[0]
  if (head === undefined) return undefined
  const headLength = head.length
  const data = url.slice(headLength)
  if (/;\s*base64,$/i.test(head)) {
    return { headLength, form: 'base64', text: Buffer.from(data, 'base64').toString('utf8') }
  }
  try {
    return { headLength, form: 'percent', text: decodeURIComponent(data) }
  } catch {
    return undefined
  }
}

/** Text as the data of a `data:` URL of this form. Inverse of {@link readDataUrl}. */
export function formatData(text: string, form: DataUrl['form']): string {
  return form === 'base64' ? Buffer.from(text).toString('base64') : encodeURIComponent(text)
}
