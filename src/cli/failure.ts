import { FingerpostError } from '../core/error.ts'
import type { Problem } from '../core/reference/problem.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { formatProblem, formatProblemCount } from './problem.ts'

/** Tells why a command failed, and gives the exit code that says so. */
export function reportFailure(error: unknown, context: CommandContext): ExitCode {
  const { stderr, signal } = context
  if (signal.aborted) return 130
  const { style } = stderr
  if (!(error instanceof FingerpostError) || error.code === 'FP_INTERNAL') {
    stderr.write(`${style.red('fingerpost: a bug in fingerpost.')} Please report it with these lines:\n`)
    stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    return 1
  }
  if (error.code === 'FP_REFERENCE') {
    for (const problem of problemsOf(error)) stderr.write(formatProblem(problem, style))
    stderr.write(
      `${style.red('fingerpost:')} ${formatProblemCount(problemsOf(error))}; nothing was published.\n`,
    )
    return 1
  }
  stderr.write(`${style.red('fingerpost:')} ${error.message}\n`)
  return error.code === 'FP_USAGE' || error.code === 'FP_CONFIG' ? 2 : 1
}

function problemsOf({ details }: FingerpostError): readonly Problem[] {
  return (details['problems'] ?? []) as readonly Problem[]
}
