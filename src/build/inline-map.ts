import { type Replacement, replaceIn } from '../core/edit.ts'
import type { Span } from '../scan/scanner.ts'
import { type ColumnMove, mendSourceMap } from './mend.ts'

/** `data:application/json;charset=utf-8;base64,` and what follows (RFC 2397). */
const DATA_URL = /^data:[^,;]*((?:;[^,;]*)*),/i

/**
 * What to replace in a file that carries its own source map, so that the map stays true. Its `file` field stays: the
 * name would have to be in the bytes the name is made of, and nobody follows it.
 */
export function mendInlineMap(text: string, url: Span, moves: readonly ColumnMove[]): readonly Replacement[] {
  const written = text.slice(url.start, url.end)
  const match = DATA_URL.exec(written)
  if (match === null) return []
  const start = url.start + match[0].length
  const isBase64 = /;\s*base64$/i.test(match[1] ?? '')
  const data = text.slice(start, url.end)
  const json = isBase64 ? Buffer.from(data, 'base64').toString('utf8') : decodeData(data)
  if (json === undefined) return []
  const mended = replaceIn(json, mendSourceMap(json, moves))
  if (mended === json) return []
  const encoded = isBase64 ? Buffer.from(mended).toString('base64') : encodeURIComponent(mended)
  return [{ start, end: url.end, text: encoded }]
}

function decodeData(data: string): string | undefined {
  try {
    return decodeURIComponent(data)
  } catch {
    return undefined
  }
}
