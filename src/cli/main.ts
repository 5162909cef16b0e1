import { readRelease } from '../builder/release.ts'
import { FingerpostError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'
import type { Command, CommandContext, ExitCode } from './command.ts'
import { COMMANDS } from './commands.ts'
import { formatCommandHelp, formatHelp } from './help.ts'
import { errorToJson, writeJson } from './output.ts'
import { reportError } from './report.ts'

/** Runs a command line (without `node` and the script) and returns its exit code. Never throws. */
export async function run(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    return await dispatch(args, context)
  } catch (error) {
    // Also for an invalid command line: a program that asked for JSON gets JSON.
    if (includesFlag(args, '--json') && !context.signal.aborted) writeJson(errorToJson(error), context.stdout)
    return reportError(error, context)
  }
}

async function dispatch(args: readonly string[], context: CommandContext): Promise<ExitCode> {
  const [first, ...rest] = args
  const { stdout, stderr } = context
  if (first === undefined) {
    stderr.write(formatHelp(stderr.style))
    return 2
  }
  if (first === '--version' || first === '-v') {
    stdout.write(`${readRelease()}\n`)
    return 0
  }
  if (first === '--help' || first === '-h' || first === 'help') return help(rest[0], context)
  const command = await loadCommand(first)
  if (includesFlag(rest, '--help', '-h')) return help(first, context)
  return command.execute(rest, context)
}

async function help(
  name: string | undefined,
  { stdout: { style, write } }: CommandContext,
): Promise<ExitCode> {
  write(name === undefined ? formatHelp(style) : formatCommandHelp(name, await loadCommand(name), style))
  return 0
}

/** Whether one of the flags stands before `--`. */
function includesFlag(args: readonly string[], ...flags: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end === -1 ? args.length : end).some((word) => flags.includes(word))
}

async function loadCommand(name: string): Promise<Command> {
  const row = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (row !== undefined) return (await row.load()).command
  if (name.startsWith('-')) {
    throw new FingerpostError('FP_USAGE', `Expected a command before ${name}.`, {
      remedy: 'The command comes first: fingerpost build --out DIR',
    })
  }
  const names = Object.keys(COMMANDS)
  const [nearest] = nearestNames(name, names)
  throw new FingerpostError('FP_USAGE', `Unknown command ${JSON.stringify(name)}.`, {
    remedy: nearest === undefined ? `Commands: ${names.join(', ')}` : `Did you mean fingerpost ${nearest}?`,
  })
}
