import { decode, encode, type SourceMapLine } from '@jridgewell/sourcemap-codec'
import { groupBy } from '../../core/group-by.ts'
import { type Replacement, replaceIn } from '../../core/reference/text.ts'
import { type JsonToken, locateJson } from '../../scan/json.ts'
import type { Span } from '../../scan/scanner.ts'
import { formatData, readDataUrl } from '../../scan/source-map-url.ts'

/** Text that one line of a generated file has grown or shrunk by. */
export interface ColumnMove {
  /** From 0. */
  readonly line: number
  /** From 0, UTF-16 code units. Everything from here on has moved. */
  readonly column: number
  readonly length: number
}

/** How replacements within lines move the columns of a text. Lines end as in source maps (ECMA-426 §5): LF, CR LF, CR. */
export function columnMovesOf(text: string, replacements: readonly Replacement[]): readonly ColumnMove[] {
  const moves: ColumnMove[] = []
  const lineEnd = /\r\n|[\n\r]/g
  // Tools count columns without the byte order mark.
  let lineStart = text.startsWith('\uFEFF') ? 1 : 0
  let line = 0
  let next = lineEnd.exec(text)
  for (const { start, end, text: replaced } of [...replacements].sort((a, b) => a.start - b.start)) {
    while (next !== null && next.index + next[0].length <= start) {
      line++
      lineStart = next.index + next[0].length
      next = lineEnd.exec(text)
    }
    const length = replaced.length - (end - start)
    if (length !== 0) moves.push({ line, column: end - lineStart, length })
  }
  return moves
}

/**
 * The replacements that adjust a source map to a file whose columns have moved: mappings of the lines concerned, and
 * offsets of sections behind an insertion. Everything else stays, byte for byte.
 *
 * @param json the map; text that isn't a source map gives no replacements
 * @param moves in order of place
 */
export function adjustSourceMap(json: string, moves: readonly ColumnMove[]): readonly Replacement[] {
  if (moves.length === 0) return []
  const tokens = new Map(locateJson(json, PLACES).map((token) => [token.pointer, token]))
  const whole = tokens.get('/mappings')
  if (whole !== undefined) return adjustMappings(json, whole, moves)
  return sectionsOf(json, tokens).flatMap((section, index, sections) =>
    adjustSection(json, section, sections[index + 1], moves),
  )
}

/** The same for a file with its own source map. Its `file` field stays: the name can't contain its own digest. */
export function adjustInlineMap(
  text: string,
  url: Span,
  moves: readonly ColumnMove[],
): readonly Replacement[] {
  const data = readDataUrl(text.slice(url.start, url.end))
  if (data === undefined) return []
  const adjusted = replaceIn(data.text, adjustSourceMap(data.text, moves))
  if (adjusted === data.text) return []
  return [{ start: url.start + data.headLength, end: url.end, text: formatData(adjusted, data.form) }]
}

const PLACES = [
  '/mappings',
  ...['offset/line', 'offset/column', 'map/mappings'].map((place) => `/sections/*/${place}`),
]

/** A section of an index map (ECMA-426 §10). */
interface Section {
  readonly line: number
  readonly column: number
  readonly columnToken: JsonToken
  readonly mappings: JsonToken | undefined
}

function sectionsOf(json: string, tokens: ReadonlyMap<string, JsonToken>): readonly Section[] {
  const sections: Section[] = []
  for (let index = 0; ; index++) {
    const line = tokens.get(`/sections/${index}/offset/line`)
    const columnToken = tokens.get(`/sections/${index}/offset/column`)
    if (line === undefined || columnToken === undefined) return sections
    const numberAt = ({ start, end }: JsonToken) => Number(json.slice(start, end))
    const mappings = tokens.get(`/sections/${index}/map/mappings`)
    sections.push({ line: numberAt(line), column: numberAt(columnToken), columnToken, mappings })
  }
}

function adjustSection(
  json: string,
  section: Section,
  next: Section | undefined,
  moves: readonly ColumnMove[],
): readonly Replacement[] {
  const inside = moves.filter(
    (move) => !isBefore(move, section) && (next === undefined || isBefore(move, next)),
  )
  const own = inside.map(({ line, column, length }) => ({
    line: line - section.line,
    column: line === section.line ? column - section.column : column,
    length,
  }))
  const growth = moves
    .filter((move) => move.line === section.line && move.column < section.column)
    .reduce((sum, { length }) => sum + length, 0)
  const { start, end } = section.columnToken
  const offset = growth === 0 ? [] : [{ start, end, text: String(section.column + growth) }]
  return [...offset, ...(section.mappings === undefined ? [] : adjustMappings(json, section.mappings, own))]
}

function isBefore(move: ColumnMove, section: Section): boolean {
  return move.line < section.line || (move.line === section.line && move.column < section.column)
}

function adjustMappings(
  json: string,
  token: JsonToken,
  moves: readonly ColumnMove[],
): readonly Replacement[] {
  const { start, end } = token
  const mappings = readString(json.slice(start, end))
  const adjusted = mappings === undefined || moves.length === 0 ? mappings : moveColumns(mappings, moves)
  return adjusted === undefined || adjusted === mappings
    ? []
    : [{ start, end, text: JSON.stringify(adjusted) }]
}

/** Moves the columns of some lines. Each line can be decoded by itself, so the others keep their bytes. */
function moveColumns(mappings: string, moves: readonly ColumnMove[]): string {
  const lines = mappings.split(';')
  const byLine = groupBy(moves, (move) => move.line)
  for (const [index, own] of byLine) {
    const line = lines[index]
    if (line === undefined || line === '') continue
    const [decoded = []] = decode(line)
    // A line that doesn't survive a round trip isn't sorted by column, which needs the whole map decoded.
    if (encode([decoded]) !== line) return moveColumnsOfAll(mappings, byLine)
    lines[index] = encode([moveLine(decoded, own)])
  }
  return lines.join(';')
}

function moveColumnsOfAll(mappings: string, byLine: ReadonlyMap<number, readonly ColumnMove[]>): string {
  return encode(decode(mappings).map((line, index) => moveLine(line, byLine.get(index) ?? [])))
}

function moveLine(line: SourceMapLine, moves: readonly ColumnMove[]): SourceMapLine {
  let done = 0
  let growth = 0
  return line.map((segment) => {
    const [column, ...rest] = segment
    for (let move = moves[done]; move !== undefined && move.column <= column; move = moves[done]) {
      growth += move.length
      done++
    }
    return [column + growth, ...rest] as typeof segment
  })
}

/** The text of a JSON string; undefined if it is damaged. */
function readString(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return undefined
  }
}
