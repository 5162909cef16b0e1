import type { LogicalPath } from '../../core/path.ts'
import {
  type DecodedText,
  decodeText,
  encodeText,
  insertInto,
  offsetAfter,
  type Replacement,
  replaceIn,
} from '../../core/reference/text.ts'
import type { Span } from '../../scan/scanner.ts'
import type { SourceFile } from '../../sources/finder.ts'
import { insertionFor, type Link } from '../link/link.ts'
import type { FileScans } from '../read/scan-files.ts'
import type { SourceReader } from '../read/source-reader.ts'
import { columnMovesOf, mendSourceMap } from './adjust-source-map.ts'
import { mendInlineMap } from './inline-map.ts'

/** A file before the digests of what it names are put in: source maps are mended already. */
export interface Draft {
  readonly text: DecodedText
  /** Those that are rewritten, in order of offset. */
  readonly links: readonly Link[]
}

/** The files whose bytes a build alters. */
export interface Drafts {
  /** False for a file that leaves as it came. */
  has(path: LogicalPath): boolean
  /** The links of a file that are rewritten, in order of offset. */
  linksOf(path: LogicalPath): readonly Link[]
  /** Reads a draft anew each time: texts are never held for the whole of a build. */
  read(path: LogicalPath): Draft
  /** The other file a draft depends on besides its own source and links: for a source map, the file it is of. */
  dependencyOf(path: LogicalPath): LogicalPath | undefined
  /** The URL of a source map comment that is taken out of a file. */
  stripIn(path: LogicalPath): Span | undefined
}

/** What drafts are made from. */
export interface DraftContext {
  readonly files: ReadonlyMap<LogicalPath, SourceFile>
  readonly links: ReadonlyMap<LogicalPath, readonly Link[]>
  readonly scans: FileScans
  /** Files that keep their names. */
  readonly prehashed: ReadonlySet<LogicalPath>
  /** URLs of source map comments to take out. Default none. */
  readonly strips?: ReadonlyMap<LogicalPath, Span>
  readonly reader: SourceReader
}

/** What the moves of columns are measured with: every digest is as long as every other. */
const SAMPLE_DIGEST = '0'.repeat(16)

/** Prepares the drafts of a build. */
export function createDrafts(context: DraftContext): Drafts {
  const { files, links, scans, prehashed, reader, strips = new Map<LogicalPath, Span>() } = context
  const rewritten = new Map<LogicalPath, readonly Link[]>()
  for (const [path, own] of links) {
    const active = own.filter(({ mode }) => mode === 'rewrite')
    if (active.length > 0) rewritten.set(path, active)
  }
  const owners = ownersOf(rewritten)
  // The scans themselves are not needed any more.
  const inlineMaps = new Map<LogicalPath, Span>()
  for (const [path, { inlineMap }] of scans) if (inlineMap !== undefined) inlineMaps.set(path, inlineMap)
  const readText = (path: LogicalPath): DecodedText => {
    const file = files.get(path)
    if (file === undefined) throw new RangeError(`no file ${path}`)
    return decodeText(reader.readNow(file))
  }
  const linksOf = (path: LogicalPath) => rewritten.get(path) ?? []
  const movesIn = (text: string, path: LogicalPath) =>
    columnMovesOf(
      text,
      linksOf(path).map((link) => insertionFor(link, prehashed.has(link.target) ? '' : SAMPLE_DIGEST)),
    )

  return {
    linksOf,
    has: (path) => rewritten.has(path) || strips.has(path) || (owners.has(path) && !prehashed.has(path)),
    read(path) {
      const own = linksOf(path)
      const text = readText(path)
      const owner = owners.get(path)
      if (owner !== undefined) {
        const moves = movesIn(readText(owner).text, owner)
        return mend({ text, links: own }, mendSourceMap(text.text, moves))
      }
      const strip = strips.get(path)
      if (strip !== undefined) return mend({ text, links: own }, [stripComment(text.text, strip)])
      const inline = inlineMaps.get(path)
      if (inline === undefined) return { text, links: own }
      return mend({ text, links: own }, mendInlineMap(text.text, inline, movesIn(text.text, path)))
    },
    dependencyOf: (path) => owners.get(path),
    stripIn: (path) => strips.get(path),
  }
}

/** The final bytes of a file: its draft with a digest at every link. */
export function finishDraft({ text, links }: Draft, digestOf: (path: LogicalPath) => string): Buffer {
  const insertions = links.map((link) => insertionFor(link, digestOf(link.target)))
  return encodeText({ text: insertInto(text.text, insertions), charset: text.charset })
}

/**
 * The file each source map is of. Where several name one map — copies under two names — it is that of the one it is
 * called after, or of none: it can be true of one only.
 */
function ownersOf(links: ReadonlyMap<LogicalPath, readonly Link[]>): ReadonlyMap<LogicalPath, LogicalPath> {
  const claims = new Map<LogicalPath, LogicalPath[]>()
  for (const [path, own] of links) {
    for (const { kind, target } of own) {
      if (kind === 'source-map') claims.set(target, [...(claims.get(target) ?? []), path])
    }
  }
  const owners = new Map<LogicalPath, LogicalPath>()
  for (const [map, files] of claims) {
    const owner = files.length === 1 ? files[0] : files.find((file) => `${file}.map` === map)
    if (owner !== undefined) owners.set(map, owner)
  }
  return owners
}

/** Takes out the comment around a source map's URL: what stands before it is known from how it was found. */
function stripComment(text: string, { start, end }: Span): Replacement {
  const opening = /\/[/*][@#]\s*sourceMappingURL=$/.exec(text.slice(0, start))
  const closing = /^\s*\*\//.exec(text.slice(end))
  const from = opening?.index ?? start
  const isBlock = text.startsWith('/*', from)
  return { start: from, end: isBlock ? end + (closing?.[0].length ?? 0) : end, text: '' }
}

/** Replaces pieces of a draft and moves the links behind them. */
function mend({ text, links }: Draft, replacements: readonly Replacement[]): Draft {
  if (replacements.length === 0) return { text, links }
  return {
    text: { text: replaceIn(text.text, replacements), charset: text.charset },
    links: links.map((link) => ({ ...link, at: offsetAfter(link.at, replacements) })),
  }
}
