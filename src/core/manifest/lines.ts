import { ENCODINGS } from '../encoding.ts'
import { LazyMap } from '../lazy.ts'
import { comparePaths, type LogicalPath } from '../path.ts'
import { type Manifest, parseAsset, parseManifest } from './manifest.ts'

/**
 * As {@link parseManifest}, for a server that starts: every asset is checked, but parsed only when it is first asked for.
 * That saves most of the time and memory that a large manifest takes.
 *
 * @param where names the manifest in messages, e.g. its path
 * @throws FingerpostError `FP_MANIFEST` naming the first field that isn't as it should be
 */
export function openManifest(text: string, where: string): Manifest {
  const places = findAssetLines(text)
  // Formatted by another tool, or damaged: then the JSON parser says where.
  if (places === undefined) return parseManifest(text, where)
  // Without the lines it still is a manifest, of no assets.
  const frame = parseManifest(text.slice(0, places.start) + text.slice(places.end), where)
  const assets = new LazyMap(places.valuesAt, (at, path) => {
    return parseAsset(JSON.parse(valueAt(text, at)), where, path)
  })
  return { ...frame, assets }
}

/** Where the assets stand in the text of a manifest, one on each line. */
interface AssetPlaces {
  readonly start: number
  readonly end: number
  /** Where the value of each asset begins, in the order of the text. */
  readonly valuesAt: ReadonlyMap<LogicalPath, number>
}

function valueAt(text: string, start: number): string {
  const end = text.indexOf('\n', start)
  return text.slice(start, text[end - 1] === ',' ? end - 1 : end)
}

const BEFORE = '\n "assets": {\n'
const AFTER = ' }\n}\n'

/**
 * The lines in which `formatManifest` writes assets; undefined unless every one of them is exactly as it writes them,
 * which `parseAsset` is sure to accept.
 */
function findAssetLines(text: string): AssetPlaces | undefined {
  const before = text.indexOf(BEFORE)
  if (before === -1) return undefined
  const start = before + BEFORE.length
  const valuesAt = new Map<LogicalPath, number>()
  const line = new RegExp(LINE, 'y')
  let last: LogicalPath = ''
  for (let at = start, more = true; ; at = line.lastIndex) {
    if (!more) return text.slice(at) === AFTER ? { start, end: at, valuesAt } : undefined
    line.lastIndex = at
    // Nothing is captured: of every line a match would be made, and thrown away.
    if (!line.test(text)) return undefined
    const pathAt = at + '  "'.length
    const pathEnd = text.indexOf('"', pathAt)
    const path = text.slice(pathAt, pathEnd)
    if (comparePaths(last, path) >= 0) return undefined
    last = path
    valuesAt.set(path, pathEnd + '": '.length)
    more = text.startsWith(',', line.lastIndex - ',\n'.length)
  }
}

/** Text that JSON writes as it is, and some of it. */
/** Text that can be sent in a header. */
const TYPE = '[ !#-\\[\\]-~]+'
const ETAG = '[!#-\\[\\]-~]+'
const PLAIN = '[^"\\\\\\x00-\\x1f]+'
/** One that is neither `.` nor `..`. */
const SEGMENT = '(?!\\.{1,2}[/"])[^"/\\\\\\x00-\\x1f]+'
/** What `isLogicalPath` is sure to accept, so that it needn't be asked of every name. */
const PATH = `(?:${SEGMENT}/)*${SEGMENT}`
/** Fifteen digits are a safe integer. */
const SIZE = '(?:0|[1-9]\\d{0,14})'
/** Each at most once, in their order, with commas between them. */
const VARIANTS = ENCODINGS.map(
  (encoding) => `(?:"${encoding}":\\{"size":${SIZE},"etag":"${ETAG}"\\}(?:,(?=")|(?=\\})))?`,
).join('')
const REFERENCE = `\\{"path":"${PLAIN}","kind":"${PLAIN}"\\}`
const LINE = [
  ` {2}"${PATH}": \\{"file":"${PATH}","type":"${TYPE}","size":${SIZE},"etag":"${ETAG}"`,
  `"integrity":"${PLAIN}"`,
  `"encodings":\\{${VARIANTS}\\}(?:,"references":\\[${REFERENCE}(?:,${REFERENCE})*\\])?\\},?\\n`,
].join(',')
