import picomatch from 'picomatch'
import type { LogicalPath } from '../../core/path.ts'

/** Whether a target may be missing from a file. */
export type Allowance = (file: LogicalPath, target: LogicalPath) => boolean

/**
 * Reads the option `allowMissing`: globs of targets, or `FILE:TARGET`. A glob without a slash is about the name alone,
 * in any folder.
 */
export function createAllowance(globs: readonly string[]): Allowance {
  const rules = globs.map((glob) => {
    const colon = glob.indexOf(':')
    const file = colon === -1 ? () => true : createMatch(glob.slice(0, colon))
    const target = createMatch(glob.slice(colon + 1))
    return (from: LogicalPath, to: LogicalPath) => file(from) && target(to)
  })
  return (file, target) => rules.some((rule) => rule(file, target))
}

function createMatch(glob: string): (path: string) => boolean {
  return picomatch(glob, { dot: true, basename: !glob.includes('/'), nonegate: true })
}
