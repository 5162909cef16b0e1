import { insertInto } from '../core/edit.ts'
import type { LogicalPath } from '../core/path.ts'
import { type DecodedText, decodeText, encodeText } from '../core/text.ts'
import type { SourceFile } from '../find/finder.ts'
import { insertionFor, type Link } from './link.ts'
import type { SourceReader } from './source-reader.ts'

/** A file before the digests of what it names are put in. */
export interface Draft {
  readonly text: DecodedText
  /** In order of offset. */
  readonly links: readonly Link[]
}

/** Reads the draft of a file that has links. */
export type ReadDraft = (path: LogicalPath) => Promise<Draft>

/** Reads drafts anew each time: texts are never held for the whole of a build. */
export function createDraftReader(
  files: ReadonlyMap<LogicalPath, SourceFile>,
  links: ReadonlyMap<LogicalPath, readonly Link[]>,
  reader: SourceReader,
): ReadDraft {
  return async (path) => {
    const file = files.get(path)
    if (file === undefined) throw new RangeError(`no file ${path}`)
    return { text: decodeText(await reader.read(file)), links: links.get(path) ?? [] }
  }
}

/** The final bytes of a file: its draft with a digest at every link. */
export function finishDraft({ text, links }: Draft, digestOf: (path: LogicalPath) => string): Buffer {
  const insertions = links.map((link) => insertionFor(link, digestOf(link.target)))
  return encodeText({ text: insertInto(text.text, insertions), charset: text.charset })
}
