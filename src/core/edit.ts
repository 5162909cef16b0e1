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
