import { FingerpostError } from '../core/error.ts'
import type { CommandContext, ExitCode } from './command.ts'

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
  stderr.write(`${style.red('fingerpost:')} ${error.message}\n`)
  return error.code === 'FP_USAGE' || error.code === 'FP_CONFIG' ? 2 : 1
}
