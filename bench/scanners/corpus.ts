import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** The files of a folder that are style sheets or scripts, as a scanner gets them. */
export interface CorpusFile {
  /** Posix, relative to the folder. */
  readonly path: string
  readonly text: string
}

/** Reads files whose extension is one of these; all files for none. */
export function readCorpus(folder: string, extensions: readonly string[]): readonly CorpusFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .filter(({ name }) => extensions.length === 0 || extensions.some((extension) => name.endsWith(extension)))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      return { path: relative(folder, file).split(sep).join('/'), text: readFileSync(file, 'utf8') }
    })
}
