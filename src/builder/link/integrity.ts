import type { LogicalPath } from '../../core/path.ts'
import type { Problem } from '../../core/reference/problem.ts'
import type { FileScans } from '../read/scan-files.ts'
import type { Link } from './replacement.ts'

type LinksByFile = ReadonlyMap<LogicalPath, readonly Link[]>

/**
 * Marks the links whose integrity can't be stated, because the target's bytes depend on the name of the file that would
 * state it.
 */
export function settleIntegrity(
  links: LinksByFile,
  scans: FileScans,
): { readonly links: LinksByFile; readonly problems: readonly Problem[] } {
  const settled = new Map(links)
  const problems: Problem[] = []
  for (const [path, own] of links) {
    const mutual = own.filter((link) => link.integrity !== undefined && reaches(link.target, path, links))
    if (mutual.length === 0) continue
    settled.set(
      path,
      own.map((link) => (mutual.includes(link) ? { ...link, isMutual: true } : link)),
    )
    problems.push(...mutual.map((link) => mutualWarning(path, link, scans)))
  }
  return { links: settled, problems }
}

function reaches(from: LogicalPath, to: LogicalPath, links: LinksByFile): boolean {
  const reached = new Set([from])
  // The loop also visits what it adds.
  for (const path of reached) {
    for (const { mode, target } of links.get(path) ?? []) if (mode === 'rewrite') reached.add(target)
  }
  return reached.has(to)
}

function mutualWarning(file: LogicalPath, { target, at }: Link, scans: FileScans): Problem {
  const reference = scans.get(file)?.references.find(({ digestAt }) => digestAt === at)
  const { line = 0, column = 0, written = target } = reference ?? {}
  const message = `${written} refers back to this file, so its integrity is left empty.`
  return { code: 'integrity', severity: 'warning', file, line, column, written, target, message, nearest: [] }
}
