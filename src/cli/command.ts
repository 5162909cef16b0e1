import { FingerpostError } from '../core/error.ts'
import { type OptionTable, type ParsedArguments, parseArguments } from './option.ts'
import type { Output } from './output.ts'

/** 0 done, 1 a problem was found, 2 wrong usage, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130

/** The world around a command. */
export interface CommandContext {
  /** Absolute. */
  readonly cwd: string
  /** For data. */
  readonly stdout: Output
  /** For talk: progress, summaries, problems. */
  readonly stderr: Output
  /** What is piped into the program; read only by commands that say so. Absent: nothing. */
  readonly stdin?: () => AsyncIterable<Uint8Array>
  /** Aborted when the user wants the command to end. */
  readonly signal: AbortSignal
  /** Asks to be told of SIGHUP, which otherwise ends the command. Returns the way to ask no longer. */
  readonly onHangup?: (listener: () => void) => () => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A command as it is written down. */
export interface CommandDefinition<T extends OptionTable> {
  /** What follows the command's name in its usage line: `[SOURCE…]`, or ''. */
  readonly usage: string
  /** A paragraph for `--help`, its lines no longer than 90 characters. */
  readonly description: string
  readonly options: T
  /** How many positionals it takes at most. */
  readonly maxPositionals: number
  run(args: ParsedArguments<T>, context: CommandContext): Promise<ExitCode>
}

/** A command as the table of commands knows it. */
export interface Command {
  readonly usage: string
  readonly description: string
  readonly options: OptionTable
  /** @throws FingerpostError */
  execute(argv: readonly string[], context: CommandContext): Promise<ExitCode>
}

/** Joins reading the command line and running. */
export function defineCommand<T extends OptionTable>(definition: CommandDefinition<T>): Command {
  const { usage, description, options, maxPositionals } = definition
  return {
    usage,
    description,
    options,
    async execute(argv, context) {
      const args = parseArguments(argv, options)
      const superfluous = args.positionals[maxPositionals]
      if (superfluous !== undefined) {
        throw new FingerpostError('FP_USAGE', `${JSON.stringify(superfluous)} is one argument too many.`)
      }
      return definition.run(args, context)
    },
  }
}
