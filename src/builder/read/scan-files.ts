import type { LogicalPath } from '../../core/path.ts'
import type { Reference } from '../../core/reference/reference.ts'
import { decodeText, type Position, positionAt } from '../../core/reference/text.ts'
import type { Scan, ScanNote, Scanner, Span } from '../../scan/scanner.ts'
import { findScanner } from '../../scan/scanners.ts'
import type { SourceFile } from '../../sources/finder.ts'

/** Where something stands, as people read it; kept with the scan because the text is gone when it is reported. */
export interface Place extends Position {
  /** The text that stands there. */
  readonly written: string
}

export type PlacedReference = Reference & Place
export type PlacedNote = ScanNote & Place

/** What stands in one file. Serialisable as it is, so that it can be cached. */
export interface FileScan {
  readonly references: readonly PlacedReference[]
  readonly notes: readonly PlacedNote[]
  /** The `data:` URL in which the file carries its own source map. */
  readonly inlineMap?: Span
}

/** Longest piece of a text that is shown. */
const WRITTEN_MAX_LENGTH = 200

/** The files that a scanner reads, and which. */
export function scannableFiles(
  files: Iterable<SourceFile>,
  scanners: readonly Scanner[],
): readonly (readonly [SourceFile, Scanner])[] {
  const found: [SourceFile, Scanner][] = []
  for (const file of files) {
    const scanner = findScanner(scanners, file.path)
    if (scanner !== undefined) found.push([file, scanner])
  }
  return found
}

const UTF16_NOTE: PlacedNote = {
  code: 'charset',
  severity: 'warning',
  ...{ start: 0, end: 0, line: 0, column: 0, written: '' },
  message: 'is UTF-16, in which no references are looked for; it is served as it is.',
}

/** By the byte order mark, which browsers go by as well (Encoding §6). */
function isUtf16(bytes: Uint8Array): boolean {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)
  return mark === 0xfeff || mark === 0xfffe
}

/** What stands in these bytes. */
export function scanBytes(bytes: Uint8Array, scanner: Scanner): FileScan {
  if (isUtf16(bytes)) return { references: [], notes: [UTF16_NOTE] }
  const { text } = decodeText(bytes)
  const { references, notes, inlineMap }: Scan = scanner.scan(text)
  const place = createPlacer(text)
  return detach({ references: references.map(place), notes: notes.map(place), inlineMap })
}

/** Copies every string in a scan: as slices they would hold the whole text of the file for as long as the scan is held. */
function detach(scan: { readonly [Key in keyof FileScan]: FileScan[Key] | undefined }): FileScan {
  return JSON.parse(JSON.stringify(scan)) as FileScan
}

/** True for a scan that found nothing. */
export function isEmptyScan({ references, notes, inlineMap }: FileScan): boolean {
  return references.length === 0 && notes.length === 0 && inlineMap === undefined
}

/** Scans by file, for the files in which anything was found. */
export type FileScans = ReadonlyMap<LogicalPath, FileScan>

/** Adds positions, counting lines once for all: a minified bundle has thousands of places on one line. */
function createPlacer(
  text: string,
): <T extends { readonly start: number; readonly end: number }>(at: T) => T & Place {
  let from = 0
  let line = 1
  let column = 1
  return (at) => {
    if (at.start < from) {
      from = 0
      line = 1
      column = 1
    }
    // CR LF may be cut in two only between the characters of a reference, which contains neither.
    const step = positionAt(text.slice(from, at.start), at.start - from)
    column = step.line === 1 ? column + step.column - 1 : step.column
    line += step.line - 1
    from = at.start
    return {
      ...at,
      line,
      column,
      written: text.slice(at.start, Math.min(at.end, at.start + WRITTEN_MAX_LENGTH)),
    }
  }
}
