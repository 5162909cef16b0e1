import type { Spelling } from '../core/reference/reference.ts'

/** What an escape stands for, and from where in the match that text is copied, if it is. */
export type Meaning = string | { readonly text: string; readonly at: number }

/**
 * Undoes the escapes of a piece of source text and records where each character of the result comes from.
 *
 * @param escapes matches every escape; has the flag `g`
 */
export function spell(
  source: string,
  { start, end }: { readonly start: number; readonly end: number },
  escapes: RegExp,
  meaningOf: (match: RegExpExecArray) => Meaning,
): Spelling {
  const written = source.slice(start, end)
  const offsets: number[] = []
  let text = ''
  let done = 0
  const append = (piece: string, offset: number, step: 0 | 1) => {
    for (let index = 0; index < piece.length; index++) offsets.push(start + offset + index * step)
    text += piece
  }
  for (const match of written.matchAll(escapes)) {
    append(written.slice(done, match.index), done, 1)
    const meaning = meaningOf(match)
    if (typeof meaning === 'string') append(meaning, match.index, 0)
    else append(meaning.text, match.index + meaning.at, 1)
    done = match.index + match[0].length
  }
  if (done === 0) return { text: written, start, end }
  append(written.slice(done), done, 1)
  return { text, start, end, offsets }
}

/** One item of a list in a spelling, by indices into its text. Commas and semicolons may separate items. */
export function sliceSpelling(spelling: Spelling, from: number, to: number): Spelling {
  const { text, offsets } = spelling
  const escapeText = (part: string) => (/[,;]/.test(part) ? undefined : spelling.escapeText?.(part))
  const [start, end] = [offsetIn(spelling, from), offsetIn(spelling, to)]
  const part = { text: text.slice(from, to), start, end, escapeText }
  return offsets === undefined ? part : { ...part, offsets: offsets.slice(from, to) }
}

/** Where the character with this index stands; the end for the index after the last. */
export function offsetIn({ start, end, text, offsets }: Spelling, index: number): number {
  if (index >= text.length) return end
  return offsets?.[index] ?? start + index
}
