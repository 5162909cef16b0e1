import picomatch from 'picomatch'
import { fileNameOf, type LogicalPath } from '../core/path.ts'

/** Ignored in every source unless taken back in: version control, dotfiles, editors' backups. */
export const DEFAULT_IGNORE: readonly string[] = ['CVS', '.*', '!.well-known', '*~']

/** True for a file or folder to leave out; paths are relative to the source's folder, without prefix. */
export type Ignore = (path: LogicalPath, kind: 'file' | 'folder') => boolean

interface Rule {
  readonly ignores: boolean
  readonly foldersOnly: boolean
  matches(path: LogicalPath): boolean
}

/**
 * Reads ignore globs, applied after {@link DEFAULT_IGNORE}. As in `.gitignore`, a glob without a slash matches names in
 * every folder, one with a slash the path from the source's folder, one with a trailing slash only folders; `!` takes
 * files back in; the last matching glob decides. An ignored folder is not read.
 */
export function createIgnore(globs: readonly string[]): Ignore {
  const rules = [...DEFAULT_IGNORE, ...globs].map(createRule).reverse()
  return (path, kind) => {
    const rule = rules.find((each) => (kind === 'folder' || !each.foldersOnly) && each.matches(path))
    return rule?.ignores ?? false
  }
}

/** Whether a path matches one of the globs. A glob without a slash matches names in any folder. */
export function createMatcher(globs: string | readonly string[]): (path: LogicalPath) => boolean {
  const matches = [globs].flat().map((glob) => picomatch(glob, { dot: true, basename: !glob.includes('/') }))
  return (path) => matches.some((match) => match(path))
}

function createRule(glob: string): Rule {
  const ignores = !glob.startsWith('!')
  const positive = ignores ? glob : glob.slice(1)
  const foldersOnly = positive.endsWith('/')
  const pattern = foldersOnly ? positive.slice(0, -1) : positive
  const isMatch = picomatch(pattern.replace(/^\//, ''), { dot: true, nonegate: true })
  const matches = pattern.includes('/') ? isMatch : (path: LogicalPath) => isMatch(fileNameOf(path))
  return { ignores, foldersOnly, matches }
}
