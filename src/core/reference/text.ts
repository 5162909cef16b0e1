import { isUtf8 } from 'node:buffer'

/** How bytes were read as text. Bytes that aren't UTF-8 are read one per character and survive any encoding. */
export type Charset = 'utf-8' | 'latin1'

/** Text with what is needed to restore its bytes. */
export interface DecodedText {
  readonly text: string
  readonly charset: Charset
}

/** A place in a text, both counted from 1. The column counts UTF-16 code units, as editors do. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Reads any bytes without loss. Inverse of {@link encodeText}. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const charset = isUtf8(bytes) ? 'utf-8' : 'latin1'
  return { text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(charset), charset }
}

/** Inverse of {@link decodeText}, byte for byte. */
export function encodeText({ text, charset }: DecodedText): Buffer {
  return Buffer.from(text, charset)
}

/** The line and column of an offset. CR, LF and CR LF each end a line, as does FF in CSS (CSS Syntax 3 §3.3). */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const lines = before.split(/\r\n|[\n\r\f]/)
  const column = (lines.at(-1)?.length ?? 0) + 1
  // Editors show no column for a byte order mark.
  const isAfterMark = lines.length === 1 && before.startsWith('\uFEFF')
  return { line: lines.length, column: isAfterMark ? column - 1 : column }
}

/** Text to put in at one offset. References are rewritten by insertion alone: nothing an author wrote is replaced. */
export interface Insertion {
  /** UTF-16 offset into the original text. */
  readonly at: number
  readonly text: string
}

/** Applies insertions, in order of their offset. */
export function insertInto(text: string, insertions: readonly Insertion[]): string {
  return replaceIn(
    text,
    insertions.map(({ at, text: inserted }) => ({ start: at, end: at, text: inserted })),
  )
}

/** A piece of text to put in the place of another, for what tools generate: the mappings of a source map. */
export interface Replacement {
  /** UTF-16 offsets into the original text, the end excluded. */
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Applies replacements, which must not overlap, in order of their offset. */
export function replaceIn(text: string, replacements: readonly Replacement[]): string {
  let result = ''
  let done = 0
  for (const { start, end, text: replaced } of [...replacements].sort((a, b) => a.start - b.start)) {
    result += text.slice(done, start) + replaced
    done = end
  }
  return result + text.slice(done)
}

/** Where an offset of the original text is after replacements; one inside a replaced piece stays at its beginning. */
export function offsetAfter(offset: number, replacements: readonly Replacement[]): number {
  return replacements
    .filter(({ end }) => end <= offset)
    .reduce((moved, { start, end, text }) => moved + text.length - (end - start), offset)
}
