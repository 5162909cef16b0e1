/** Text to put in at one offset. References are mended by insertion alone: nothing an author wrote is replaced. */
export interface Insertion {
  /** UTF-16 offset into the text as it was. */
  readonly at: number
  readonly text: string
}

/** Applies insertions in order of their offset. Offsets are those of the text before any of them. */
export function insertInto(text: string, insertions: readonly Insertion[]): string {
  const ordered = [...insertions].sort((a, b) => a.at - b.at)
  let result = ''
  let done = 0
  for (const { at, text: inserted } of ordered) {
    result += text.slice(done, at) + inserted
    done = at
  }
  return result + text.slice(done)
}

/** A piece of text to put in the place of another: for what is generated anyway, such as the mappings of a source map. */
export interface Replacement {
  /** UTF-16 offsets into the text as it was, the end excluded. */
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

/** Where an offset of the old text is after replacements; one inside a replaced piece stays at its beginning. */
export function offsetAfter(offset: number, replacements: readonly Replacement[]): number {
  return replacements
    .filter(({ end }) => end <= offset)
    .reduce((moved, { start, end, text }) => moved + text.length - (end - start), offset)
}
