import type { Spelling } from '../../core/reference/reference.ts'
import type { Findings } from '../findings.ts'
import { offsetIn } from './markup.ts'

/**
 * Findings for a language within another — CSS in an attribute, whose quotes are `&quot;` — that end up in the outer
 * file's, at their places there.
 *
 * @param outer the inner text, and where each of its characters stands in the file
 */
export function nestFindings(findings: Findings, outer: Spelling): Findings {
  const outwards = (spelling: Spelling): Spelling => {
    const { text, start, end } = spelling
    const moved = { text, start: offsetIn(outer, start), end: offsetIn(outer, end) }
    if (outer.offsets === undefined && spelling.offsets === undefined) return moved
    const offsets = Array.from(text, (_, index) => index).map((index) =>
      offsetIn(outer, offsetIn(spelling, index)),
    )
    return { ...moved, offsets }
  }
  return {
    addUrl: (kind, spelling) => findings.addUrl(kind, outwards(spelling)),
    addSourceMap: () => undefined,
    addNote: (note) =>
      findings.addNote({ ...note, start: offsetIn(outer, note.start), end: offsetIn(outer, note.end) }),
    toScan: () => findings.toScan(),
  }
}
