import type { LogicalPath } from '../../core/path.ts'
import type { Reference } from '../../core/reference/reference.ts'
import { decodeText, type Position, positionAt } from '../../core/reference/text.ts'
import type { Scan, ScanNote, Scanner, Span } from '../../scan/scanner.ts'

/** A place as people read it. Kept with the scan, because the text is gone when the place is reported. */
export interface Place extends Position {
  /** The text at this place, cut. */
  readonly written: string
}

export type PlacedReference = Reference & Place
export type PlacedNote = ScanNote & Place

/** The references in one file. Plain JSON, so that it can be cached. */
export interface FileScan {
  readonly references: readonly PlacedReference[]
  readonly notes: readonly PlacedNote[]
  /** The `data:` URL in which the file carries its own source map. */
  readonly inlineMap?: Span
  /** The URLs of source map comments before the last. */
  readonly earlierMaps?: readonly Span[]
  /** See {@link Scan}. */
  readonly isCommonJs?: boolean
  readonly nodeEnv?: readonly (Span & Place)[]
}

/** Characters. */
const WRITTEN_MAX_LENGTH = 200

function charsetNote(message: string): PlacedNote {
  const place = { start: 0, end: 0, line: 0, column: 0, written: '' }
  return { code: 'charset', severity: 'warning', ...place, message }
}

/** By the byte order mark, as browsers decide (Encoding §6). */
function isUtf16(bytes: Uint8Array): boolean {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)
  return mark === 0xfeff || mark === 0xfffe
}

/** Finds the references in these bytes. @param path for messages only */
export function scanBytes(bytes: Uint8Array, scanner: Scanner, path?: LogicalPath): FileScan {
  if (isUtf16(bytes)) {
    const message = 'is UTF-16, which is not scanned for references; it is served as it is.'
    return { references: [], notes: [charsetNote(message)] }
  }
  const { text, charset } = decodeText(bytes)
  const { references, notes, nodeEnv, ...others }: Scan = scanner.scan(text, path)
  const place = createPlacer(text)
  // The server sends text with charset=utf-8, which takes precedence over @charset (CSS Syntax 3 §3.2).
  const message =
    "isn't UTF-8 but is served as UTF-8, which changes its special characters. Save it as UTF-8."
  const ownNotes = charset === 'utf-8' ? [] : [charsetNote(message)]
  return detach({
    references: references.map(place),
    notes: [...ownNotes, ...notes.map(place)],
    ...(nodeEnv && { nodeEnv: nodeEnv.map(place) }),
    ...others,
  })
}

/** Copies every string: as slices they would keep the whole text of the file in memory. */
function detach(scan: FileScan): FileScan {
  return JSON.parse(JSON.stringify(scan)) as FileScan
}

export function isEmptyScan({ references, notes, inlineMap, isCommonJs, nodeEnv }: FileScan): boolean {
  return references.length + notes.length === 0 && !inlineMap && !isCommonJs && !nodeEnv
}

/** Scans by file, empty ones left out. */
export type FileScans = ReadonlyMap<LogicalPath, FileScan>

/** Adds positions. Lines are counted once: a minified bundle has thousands of places on one line. */
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
    // The cut can't split a CR LF: a reference contains neither.
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
