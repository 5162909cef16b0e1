import { decode, encode, type SourceMapLine } from '@jridgewell/sourcemap-codec'
import type { Insertion, Replacement } from '../../core/reference/text.ts'
import { type JsonToken, locateJson } from '../../scan/json.ts'

/** Text that one line of a generated file has grown by. */
export interface ColumnMove {
  /** From 0. */
  readonly line: number
  /** From 0, UTF-16 code units: what stood from here on has moved. */
  readonly column: number
  readonly length: number
}

/** What insertions do to the columns of a text. Lines end as source maps count them (ECMA-426 §5): LF, CR LF, CR. */
export function columnMovesOf(text: string, insertions: readonly Insertion[]): readonly ColumnMove[] {
  const moves: ColumnMove[] = []
  const lineEnd = /\r\n|[\n\r]/g
  // Tools count columns without the byte order mark.
  let lineStart = text.startsWith('\uFEFF') ? 1 : 0
  let line = 0
  let next = lineEnd.exec(text)
  for (const { at, text: inserted } of [...insertions].sort((a, b) => a.at - b.at)) {
    while (next !== null && next.index + next[0].length <= at) {
      line++
      lineStart = next.index + next[0].length
      next = lineEnd.exec(text)
    }
    if (inserted !== '') moves.push({ line, column: at - lineStart, length: inserted.length })
  }
  return moves
}

/**
 * What to replace in a source map so that it is true of a file whose columns have moved: the mappings of the lines
 * concerned, and the offsets of sections that begin behind an insertion. Everything else stays, byte for byte.
 *
 * @param json the map; text that isn't one gives no replacements
 * @param moves in order of place
 */
export function mendSourceMap(json: string, moves: readonly ColumnMove[]): readonly Replacement[] {
  if (moves.length === 0) return []
  const tokens = new Map(locateJson(json, PLACES).map((token) => [token.pointer, token]))
  const whole = tokens.get('/mappings')
  if (whole !== undefined) return mendMappings(json, whole, moves)
  return sectionsOf(json, tokens).flatMap((section, index, sections) =>
    mendSection(json, section, sections[index + 1], moves),
  )
}

const PLACES = [
  '/mappings',
  ...['offset/line', 'offset/column', 'map/mappings'].map((place) => `/sections/*/${place}`),
]

/** Part of an indexed map (ECMA-426 §10). */
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

function mendSection(
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
  return [...offset, ...(section.mappings === undefined ? [] : mendMappings(json, section.mappings, own))]
}

function isBefore(move: ColumnMove, section: Section): boolean {
  return move.line < section.line || (move.line === section.line && move.column < section.column)
}

function mendMappings(json: string, token: JsonToken, moves: readonly ColumnMove[]): readonly Replacement[] {
  const { start, end } = token
  const mappings = readString(json.slice(start, end))
  const mended = mappings === undefined || moves.length === 0 ? mappings : moveColumns(mappings, moves)
  return mended === undefined || mended === mappings ? [] : [{ start, end, text: JSON.stringify(mended) }]
}

/**
 * Moves the columns of some lines. A line's first field counts from its own beginning, so that each line can be read
 * and written by itself and the others keep their bytes.
 */
function moveColumns(mappings: string, moves: readonly ColumnMove[]): string {
  const lines = mappings.split(';')
  const byLine = groupByLine(moves)
  for (const [index, own] of byLine) {
    const line = lines[index]
    if (line === undefined || line === '') continue
    const [decoded = []] = decode(line)
    // A line that doesn't survive a round trip isn't in order of columns: only the whole can be put in order.
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

function groupByLine(moves: readonly ColumnMove[]): ReadonlyMap<number, readonly ColumnMove[]> {
  const groups = new Map<number, ColumnMove[]>()
  for (const move of moves) {
    const group = groups.get(move.line)
    if (group === undefined) groups.set(move.line, [move])
    else group.push(move)
  }
  return groups
}

/** The text of a JSON string; undefined if it is damaged. */
function readString(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted))
  } catch {
    return undefined
  }
}
