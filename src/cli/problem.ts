import type { Problem } from '../core/reference/problem.ts'
import type { Style } from './output.ts'
import { formatNumberOf } from './unit.ts'

/**
 * A problem as a person reads it, in several lines:
 *
 *     css/site.css:12:18  url(../img/logo.svg) leads to img/logo.svg, which no source has.
 *       nearest   img/logo2.svg
 *       fix the path, add the file, or allow it with --allow-missing 'img/logo.svg'
 */
export function formatProblem(problem: Problem, style: Style): string {
  const severity = problem.severity === 'error' ? '' : `${problem.severity}: `
  const lines = [`${style.cyan(formatPlace(problem))}  ${style.yellow(severity)}${problem.message}`]
  const { nearest } = problem
  if (nearest.length > 0) lines.push(`  ${style.dim('nearest')}   ${nearest.join('  ')}`)
  const remedy = remedyFor(problem)
  if (remedy !== undefined) lines.push(`  ${style.dim(remedy)}`)
  return `${lines.join('\n')}\n`
}

/** `3 errors, 1 warning`; notes aren't counted. */
export function formatProblemCount(problems: readonly Problem[]): string {
  const count = (severity: Problem['severity']) =>
    problems.filter((problem) => problem.severity === severity).length
  const parts: string[] = []
  if (count('error') > 0) parts.push(formatNumberOf(count('error'), 'error'))
  if (count('warning') > 0) parts.push(formatNumberOf(count('warning'), 'warning'))
  return parts.join(', ')
}

/** Text as one word for a POSIX shell. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function formatPlace({ file, line, column }: Problem): string {
  return line === 0 ? file : `${file}:${line}:${column}`
}

function remedyFor({ code, target, severity }: Problem): string | undefined {
  if (severity !== 'error' || target === undefined) return undefined
  switch (code) {
    case 'missing':
      return `fix the path, add the file, or allow it with --allow-missing ${quoteForShell(target)}`
    case 'outside':
      return 'fix the path, or add the folder it leads to as a source'
    default:
      return undefined
  }
}
