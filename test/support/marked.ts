import assert from 'node:assert/strict'
import { insertInto } from '../../src/core/reference/text.ts'
import type { Scan } from '../../src/scan/scanner.ts'

/** Stands in an expectation where a digest is to be put; taken away, it leaves the scanner's input. */
export const MARK = '•'

/** A row of a table: the text with a {@link MARK} at every digest, and what each reference means, suffix included. */
export type MarkedRow = readonly [marked: string, ...meanings: readonly string[]]

/** Scans the text without its marks and expects to find exactly the marked references. */
export function assertMarked(scan: (text: string) => Scan, [marked, ...meanings]: MarkedRow): Scan {
  const text = marked.replaceAll(MARK, '')
  const result = scan(text)
  const insertions = result.references.map(({ digestAt }) => ({ at: digestAt, text: MARK }))
  assert.equal(insertInto(text, insertions), marked)
  assert.deepEqual(
    result.references.map(({ specifier, suffix }) => specifier + suffix),
    meanings,
  )
  return result
}
