import { FingerpostError } from '../../core/error.ts'
import type { Problem } from '../../core/reference/problem.ts'

/** Problems whose lines are in the message of an error; the rest is in its details. */
const SHOWN = 20

/**
 * Ends the build if any problem is an error, telling all of them at once.
 *
 * @throws FingerpostError `FP_REFERENCE`; `details.problems` are all problems of the build, warnings included
 */
export function refuseErrors(problems: readonly Problem[]): void {
  const errors = problems.filter((problem) => problem.severity === 'error')
  if (errors.length === 0) return
  const lines = errors.slice(0, SHOWN).map(formatLine)
  const more = errors.length > SHOWN ? `\n  and ${errors.length - SHOWN} more` : ''
  const count = errors.length === 1 ? 'One reference leads' : `${errors.length} references lead`
  throw new FingerpostError('FP_REFERENCE', `${count} nowhere:\n${lines.join('\n')}${more}`, {
    remedy: 'Fix the paths, add the files, or allow them with --allow-missing GLOB. Nothing was published.',
    details: { problems },
  })
}

function formatLine({ file, line, column, message, nearest }: Problem): string {
  const hint = nearest.length > 0 ? `\n    nearest   ${nearest.join('  ')}` : ''
  return `  ${file}:${line}:${column}  ${message}${hint}`
}
