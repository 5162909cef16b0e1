import { readRelease } from '../builder/release.ts'
import { FingerpostError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { COMMANDS, type CommandRow } from './commands.ts'
import { reportFailure } from './failure.ts'
import { formatCommandHelp, formatHelp } from './help.ts'
import { failureToJson, writeJson } from './json.ts'

/** Runs a command line (without `node` and the script) and gives its exit code; never throws. */
export async function run(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    return await dispatch(argv, context)
  } catch (error) {
    // Whatever is wrong, the command line included: a program that asked for JSON gets an object.
    if (asksFor(argv, '--json') && !context.signal.aborted) writeJson(failureToJson(error), context.stdout)
    return reportFailure(error, context)
  }
}

async function dispatch(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  const [first, ...rest] = argv
  const { stdout, stderr } = context
  if (first === undefined) {
    stderr.write(formatHelp(stderr.style))
    return 2
  }
  if (first === '--version' || first === '-v') {
    stdout.write(`${readRelease()}\n`)
    return 0
  }
  if (first === '--help' || first === '-h' || first === 'help') return help(rest, context)
  const row = findCommand(first)
  if (asksFor(rest, '--help', '-h')) return help([row.name], context)
  return (await row.load()).execute(rest, context)
}

async function help([name]: readonly string[], { stdout }: CommandContext): Promise<ExitCode> {
  if (name === undefined) {
    stdout.write(formatHelp(stdout.style))
    return 0
  }
  const row = findCommand(name)
  stdout.write(formatCommandHelp(row.name, await row.load(), stdout.style))
  return 0
}

/** True if one of the words stands before `--`, behind which all is data. */
function asksFor(argv: readonly string[], ...words: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? argv.length : end).some((word) => words.includes(word))
}

function findCommand(name: string): CommandRow {
  const row = COMMANDS.find((each) => each.name === name)
  if (row !== undefined) return row
  if (name.startsWith('-')) {
    throw new FingerpostError('FP_USAGE', `${name} stands before the command.`, {
      remedy: 'The command comes first: fingerpost build --out DIR',
    })
  }
  const names = COMMANDS.map((each) => each.name)
  const [nearest] = nearestNames(name, names)
  throw new FingerpostError('FP_USAGE', `There is no command ${JSON.stringify(name)}.`, {
    remedy: nearest === undefined ? `There are: ${names.join(', ')}` : `Did you mean fingerpost ${nearest}?`,
  })
}
