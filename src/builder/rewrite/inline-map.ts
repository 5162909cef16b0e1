import { type Replacement, replaceIn } from '../../core/reference/text.ts'
import type { Span } from '../../scan/scanner.ts'
import { formatData, readDataUrl } from '../../scan/source-map-url.ts'
import { type ColumnMove, mendSourceMap } from './adjust-source-map.ts'

/**
 * What to replace in a file that carries its own source map, so that the map stays true. Its `file` field stays: the
 * name would have to be in the bytes the name is made of, and nobody follows it.
 */
export function mendInlineMap(text: string, url: Span, moves: readonly ColumnMove[]): readonly Replacement[] {
  const data = readDataUrl(text.slice(url.start, url.end))
  if (data === undefined) return []
  const mended = replaceIn(data.text, mendSourceMap(data.text, moves))
  if (mended === data.text) return []
  return [{ start: url.start + data.headLength, end: url.end, text: formatData(mended, data.form) }]
}
