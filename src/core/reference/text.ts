import { isUtf8 } from 'node:buffer'

/**
 * How bytes were read as text. Bytes that aren't UTF-8 are read one byte per character, so that every byte survives
 * {@link encodeText} whatever the file's real encoding was.
 */
export type Charset = 'utf-8' | 'latin1'

/** Text that remembers how to become its bytes again. */
export interface DecodedText {
  readonly text: string
  readonly charset: Charset
}

/** A place in a text, both counted from 1. The column counts UTF-16 code units, as editors do. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Reads any bytes at all; never fails and loses nothing. Inverse of {@link encodeText}. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const charset = isUtf8(bytes) ? 'utf-8' : 'latin1'
  return { text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(charset), charset }
}

/** Inverse of {@link decodeText}, byte for byte. */
export function encodeText({ text, charset }: DecodedText): Buffer {
  return Buffer.from(text, charset)
}

/** Where an offset stands. CR, LF and CR LF each end a line, as does FF in CSS (CSS Syntax 3 §3.3). */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const lines = before.split(/\r\n|[\n\r\f]/)
  const column = (lines.at(-1)?.length ?? 0) + 1
  // Editors show no column for a byte order mark.
  const isBehindMark = lines.length === 1 && before.startsWith('\uFEFF')
  return { line: lines.length, column: isBehindMark ? column - 1 : column }
}
