import { groupBy } from '../../core/group-by.ts'
import type { LogicalPath } from '../../core/path.ts'
import {
  type DecodedText,
  decodeText,
  encodeText,
  offsetAfter,
  type Replacement,
  replaceIn,
} from '../../core/reference/text.ts'
import type { Span } from '../../scan/scanner.ts'
import type { SourceFile } from '../../sources/finder.ts'
import { insertionFor, type Link, type LinkTarget, replacementsFor } from '../link/replacement.ts'
import type { FileScans } from '../read/scan-files.ts'
import type { SourceReader } from '../read/source-reader.ts'
import { adjustInlineMap, adjustSourceMap, columnMovesOf } from './adjust-source-map.ts'

/** A file before digests are inserted. Source maps are adjusted already. */
export interface Rewrite {
  readonly text: DecodedText
  /** The links to rewrite, in order of offset. */
  readonly links: readonly Link[]
}

/** The files whose bytes a build changes. */
export interface Rewrites {
  /** False for a file that is published as it is. */
  has(path: LogicalPath): boolean
  /** The links of a file that are rewritten, in order of offset. */
  linksOf(path: LogicalPath): readonly Link[]
  /** Reads a file anew each time: texts are never kept for the whole build. */
  read(path: LogicalPath): Rewrite
  /** The final bytes of any file of the build: with a digest at every link, or as they are. */
  finish(path: LogicalPath, targetOf: (target: LogicalPath) => LinkTarget): Buffer
  /** The other file that a rewrite depends on, besides its source and links: of a source map, the file it belongs to. */
  dependencyOf(path: LogicalPath): LogicalPath | undefined
  /** True if source map comments are removed from a file. */
  isStripped(path: LogicalPath): boolean
  /** What is replaced in a file besides links and source maps. */
  replacementsIn(path: LogicalPath): readonly Replacement[]
}

/** The input of {@link createRewrites}. */
export interface RewriteContext {
  readonly files: ReadonlyMap<LogicalPath, SourceFile>
  readonly links: ReadonlyMap<LogicalPath, readonly Link[]>
  readonly scans: FileScans
  /** Files that keep their names. */
  readonly prehashed: ReadonlySet<LogicalPath>
  /** URLs of source map comments to remove. */
  readonly strips: ReadonlyMap<LogicalPath, readonly Span[]>
  readonly replacements: ReadonlyMap<LogicalPath, readonly Replacement[]>
  readonly reader: SourceReader
}

/** Stands for digests while columns are measured. */
const SAMPLE_DIGEST = '0'.repeat(16)

/** Prepares the rewrites of a build. */
export function createRewrites(context: RewriteContext): Rewrites {
  const { files, links, scans, prehashed, reader, strips, replacements } = context
  const rewritten = new Map<LogicalPath, readonly Link[]>()
  for (const [path, own] of links) {
    const active = own.filter(({ mode }) => mode === 'rewrite')
    if (active.length > 0) rewritten.set(path, active)
  }
  const owners = ownersOf(rewritten)
  // Copied, so that the scans can be collected.
  const inlineMaps = new Map<LogicalPath, Span>()
  for (const [path, { inlineMap }] of scans) if (inlineMap !== undefined) inlineMaps.set(path, inlineMap)

  const readBytes = (path: LogicalPath) => {
    const file = files.get(path)
    if (file === undefined) throw new RangeError(`no file ${path}`)
    return reader.read(file)
  }
  const readText = (path: LogicalPath) => decodeText(readBytes(path))
  const linksOf = (path: LogicalPath) => rewritten.get(path) ?? []
  const replacementsIn = (path: LogicalPath) => replacements.get(path) ?? []
  const editsOf = (path: LogicalPath) => [
    ...linksOf(path).flatMap(({ edits = [] }) => edits),
    ...replacementsIn(path),
  ]
  const movesIn = (text: string, path: LogicalPath) => {
    const insertions = linksOf(path).map((link) => {
      const { at, text: inserted } = insertionFor(link, prehashed.has(link.target) ? '' : SAMPLE_DIGEST)
      return { start: at, end: at, text: inserted }
    })
    return columnMovesOf(text, [...insertions, ...editsOf(path)])
  }
  const mapReplacementsIn = (text: string, path: LogicalPath): readonly Replacement[] => {
    const owner = owners.get(path)
    if (owner !== undefined) return adjustSourceMap(text, movesIn(readText(owner).text, owner))
    const stripped = strips.get(path)
    if (stripped !== undefined) return stripped.map((url) => stripComment(text, url))
    const inline = inlineMaps.get(path)
    return inline === undefined ? [] : adjustInlineMap(text, inline, movesIn(text, path))
  }

  const has = (path: LogicalPath) =>
    rewritten.has(path) ||
    strips.has(path) ||
    replacements.has(path) ||
    (owners.has(path) && !prehashed.has(path))
  const read = (path: LogicalPath): Rewrite => {
    const { text, charset } = readText(path)
    const edits = [...editsOf(path), ...mapReplacementsIn(text, path)]
    const moved = linksOf(path).map((link) => moveLink(link, edits))
    return { text: { text: replaceIn(text, edits), charset }, links: moved }
  }

  return {
    has,
    linksOf,
    read,
    finish(path, targetOf) {
      if (!has(path)) return readBytes(path)
      const { text, links: own } = read(path)
      const digests = own.flatMap((link) => replacementsFor(link, targetOf(link.target)))
      return encodeText({ text: replaceIn(text.text, digests), charset: text.charset })
    },
    dependencyOf: (path) => owners.get(path),
    isStripped: (path) => strips.has(path),
    replacementsIn,
  }
}

function moveLink(link: Link, replacements: readonly Replacement[]): Link {
  const move = (offset: number) => offsetAfter(offset, replacements)
  const { integrity } = link
  const moved = integrity && { integrity: { start: move(integrity.start), end: move(integrity.end) } }
  return { ...link, at: move(link.at), ...moved }
}

/**
 * The file each source map belongs to. A map named by several (copies under two names) belongs to the one it is named
 * after, or to none: its columns can be right for one only.
 */
function ownersOf(links: ReadonlyMap<LogicalPath, readonly Link[]>): ReadonlyMap<LogicalPath, LogicalPath> {
  const uses = [...links].flatMap(([file, own]) =>
    own.flatMap(({ kind, target }) => (kind === 'source-map' ? [{ file, map: target }] : [])),
  )
  const owners = new Map<LogicalPath, LogicalPath>()
  for (const [map, users] of groupBy(uses, (use) => use.map)) {
    const owner = users.length === 1 ? users[0] : users.find(({ file }) => `${file}.map` === map)
    if (owner !== undefined) owners.set(map, owner.file)
  }
  return owners
}

/** Removes the comment around a source map's URL. */
function stripComment(text: string, { start, end }: Span): Replacement {
  const opening = /\/[/*][@#]\s*sourceMappingURL=$/.exec(text.slice(0, start))
  const closing = /^\s*\*\//.exec(text.slice(end))
  const from = opening?.index ?? start
  const isBlock = text.startsWith('/*', from)
  return { start: from, end: isBlock ? end + (closing?.[0].length ?? 0) : end, text: '' }
}
