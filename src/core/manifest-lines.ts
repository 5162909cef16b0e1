import { ENCODINGS } from './encoding.ts'
import { LazyMap } from './lazy.ts'
import { type Manifest, parseAsset, parseManifest } from './manifest.ts'
import { isLogicalPath, type LogicalPath } from './path.ts'

/**
 * As {@link parseManifest}, for a server that starts: every asset is checked, but none is made before it is asked for,
 * which saves most of the time and memory that a large manifest takes.
 *
 * @param where names the manifest in messages, e.g. its path
 * @throws FingerpostError `FP_MANIFEST` naming the first field that isn't as it should be
 */
export function openManifest(text: string, where: string): Manifest {
  const lines = findAssetLines(text)
  // Laid out by somebody else, or damaged: then it is for the reader of JSON to say where.
  if (lines === undefined) return parseManifest(text, where)
  // Without the lines it still is a manifest, of no assets.
  const frame = parseManifest(text.slice(0, lines.start) + text.slice(lines.end), where)
  const assetAt = (at: number, path: LogicalPath) => parseAsset(JSON.parse(valueAt(text, at)), where, path)
  return { ...frame, assets: new LazyMap(lines.valuesAt, assetAt) }
}

/** Where in a text the lines of its assets are. */
interface AssetLines {
  readonly start: number
  readonly end: number
  /** Where the value of each asset begins. */
  readonly valuesAt: ReadonlyMap<LogicalPath, number>
}

const BEFORE = '\n "assets": {\n'
const AFTER = ' }\n}\n'

/**
 * The lines in which `formatManifest` writes assets; undefined unless every one of them is exactly as it writes them,
 * which `parseAsset` is sure to accept.
 */
function findAssetLines(text: string): AssetLines | undefined {
  const before = text.indexOf(BEFORE)
  if (before === -1) return undefined
  const start = before + BEFORE.length
  const valuesAt = new Map<LogicalPath, number>()
  const line = new RegExp(LINE, 'y')
  for (let end = start, comma = ','; ; end = line.lastIndex) {
    if (comma === '') return text.slice(end) === AFTER ? { start, end, valuesAt } : undefined
    line.lastIndex = end
    const match = line.exec(text)
    if (match === null) return undefined
    const [, path = '', file = ''] = match
    if (!isLogicalPath(path) || !isLogicalPath(file)) return undefined
    valuesAt.set(path, end + '  "": '.length + path.length)
    comma = match[3] ?? ''
  }
}

function valueAt(text: string, start: number): string {
  const end = text.indexOf('\n', start)
  return text.slice(start, text[end - 1] === ',' ? end - 1 : end)
}

/** Text that JSON writes as it is, and some of it. */
const PLAIN = '[^"\\\\\\x00-\\x1f]+'
/** Fifteen digits are a safe integer. */
const SIZE = '(?:0|[1-9]\\d{0,14})'
const VARIANT = `"(?:${ENCODINGS.join('|')})":\\{"size":${SIZE},"etag":"${PLAIN}"\\}`
const REFERENCE = `\\{"path":"${PLAIN}","kind":"${PLAIN}"\\}`
const LINE = [
  ` {2}"(${PLAIN})": \\{"file":"(${PLAIN})","type":"${PLAIN}","size":${SIZE},"etag":"${PLAIN}"`,
  `"integrity":"${PLAIN}"`,
  `"encodings":\\{(?:${VARIANT}(?:,${VARIANT})*)?\\}(?:,"references":\\[${REFERENCE}(?:,${REFERENCE})*\\])?\\}(,?)\\n`,
].join(',')
