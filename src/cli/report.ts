import { FingerpostError } from '../core/error.ts'
import { LIMITS } from '../core/limit.ts'
import type { Problem } from '../core/reference/problem.ts'
import { formatCount, formatNumberOf } from '../report/unit.ts'
import type { CommandContext, ExitCode } from './command.ts'
import type { Style } from './output.ts'

/** Explains on standard error why a command failed, and returns its exit code. */
export function reportError(error: unknown, { stderr, signal }: CommandContext): ExitCode {
  if (signal.aborted) return 130
  const { style } = stderr
  const name = style.red('fingerpost:')
  if (!(error instanceof FingerpostError) || error.code === 'FP_INTERNAL') {
    const trace = error instanceof Error ? error.stack : String(error)
    stderr.write(`${name} This is a bug in fingerpost. Please report it with these lines:\n${trace}\n`)
    return 1
  }
  if (error.code === 'FP_REFERENCE') {
    const problems = (error.details['problems'] ?? []) as readonly Problem[]
    stderr.write(formatProblems(problems, style))
    stderr.write(`${name} ${formatProblemCount(problems)}. Nothing was published.\n`)
    return 1
  }
  stderr.write(`${name} ${error.message}\n`)
  return error.code === 'FP_USAGE' || error.code === 'FP_CONFIG' ? 2 : 1
}

/** The first problems, errors before warnings, and how many there are besides. */
export function formatProblems(problems: readonly Problem[], style: Style): string {
  const sorted = [...problems].sort((a, b) => rankOf(a) - rankOf(b))
  return formatSome(sorted, LIMITS.shownProblems, 'problems', (problem) => formatProblem(problem, style))
}

/** Imports of CSS come in hundreds where code for a bundler is among the sources. */
function rankOf({ severity, code }: Problem): number {
  return severity === 'error' ? 0 : code === 'import' ? 2 : 1
}

/** The first entries of a list, each as lines of its own, and a line that counts the rest. */
export function formatSome<T>(
  entries: readonly T[],
  most: number,
  noun: string,
  format: (entry: T) => string,
): string {
  const shown = entries.slice(0, most).map(format).join('')
  const rest = entries.length - most
  return rest <= 0 ? shown : `${shown}… and ${formatCount(rest)} more ${noun}. --json lists all.\n`
}

/**
 * A problem in several lines:
 *
 *     css/site.css:12:18  url(../img/logo.svg) points to img/logo.svg, which is not in the sources.
 *       Did you mean img/logo2.svg?
 *       Fix the path, add the file, or allow it with --allow-missing 'img/logo.svg'
 */
export function formatProblem(problem: Problem, style: Style): string {
  const { file, line, column, severity, message, nearest } = problem
  const place = line === 0 ? file : `${file}:${line}:${column}`
  const label = severity === 'error' ? '' : style.yellow(`${severity}: `)
  const advice = [
    nearest.length === 0 ? undefined : `Did you mean ${nearest.join(' or ')}?`,
    remedyFor(problem),
  ]
  const lines = advice.flatMap((text) => (text === undefined ? [] : `  ${style.dim(text)}\n`))
  return `${style.cyan(place)}  ${label}${message}\n${lines.join('')}`
}

/** `3 errors, 1 warning`. Notes aren't counted. */
export function formatProblemCount(problems: readonly Problem[]): string {
  const counts = (['error', 'warning'] as const).map((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length
    return count === 0 ? [] : [formatNumberOf(count, severity)]
  })
  return counts.flat().join(', ')
}

/** Text as one word for a POSIX shell. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function remedyFor({ code, target, severity }: Problem): string | undefined {
  if (severity !== 'error' || target === undefined) return undefined
  if (code === 'missing')
    return `Fix the path, add the file, or allow it with --allow-missing ${quoteForShell(target)}`
  return code === 'outside' ? 'Fix the path, or add the folder it points to as a source.' : undefined
}
