import type { Spelling } from '../core/reference/reference.ts'

/** What a comment says behind its opening, as ECMA-426 §11.1.2.1 (MatchSourceMapURL) reads it. */
const DIRECTIVE = /^[@#]\s*sourceMappingURL=(\S*?)\s*$/

/**
 * The URL in a source map comment; undefined for any other comment.
 *
 * @param body what stands between the comment's opening and its end
 * @param start where `body` stands in the file
 */
export function spellSourceMapUrl(body: string, start: number): Spelling | undefined {
  // Nearly every comment is another one, and some are huge.
  if (body[0] !== '#' && body[0] !== '@') return undefined
  const url = DIRECTIVE.exec(body)?.[1]
  if (url === undefined || url === '') return undefined
  const at = start + body.indexOf('=') + 1
  return { text: url, start: at, end: at + url.length }
}
