import { FingerpostError } from '../core/error.ts'
import { type CommandOptions, type OptionValues, type ParsedArguments, parseArguments } from './arguments.ts'
import { type Output, writeJson } from './output.ts'

/** 0 success, 1 a problem was found, 2 wrong usage, 130 interrupted. */
export type ExitCode = 0 | 1 | 2 | 130

/** The environment of a command. */
export interface CommandContext {
  /** Absolute. */
  readonly cwd: string
  /** For results. */
  readonly stdout: Output
  /** For progress, summaries and problems. */
  readonly stderr: Output
  /** Piped input, for commands that read it. */
  readonly stdin: () => AsyncIterable<Uint8Array>
  /** Aborted when the user interrupts the command. */
  readonly signal: AbortSignal
  /** Subscribes to SIGHUP, which otherwise ends the command. Returns the way to unsubscribe. */
  readonly onHangup?: (listener: () => void) => () => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** The result of a command, in both forms it can be printed in. */
export interface CommandResult {
  /** Default 0. */
  readonly exitCode?: ExitCode
  /** What is printed on standard output with `--json`; made only then. Default: nothing. */
  readonly json?: () => unknown
  /** Printed on standard output without `--json`: one item a line. */
  readonly data?: string
  /** Printed on standard error without `--json`. */
  readonly summary?: string
}

/** A command. To add one, write its file in `commands/` and a row in `commands.ts`. */
export interface CommandDefinition<T extends CommandOptions> {
  /** The positionals in the usage line: `[SOURCE]...`, or ''. */
  readonly usage: string
  /** A paragraph for `--help`, wrapped at 80 characters. */
  readonly description: string
  /** Command lines without the leading `fingerpost`. */
  readonly examples: readonly string[]
  readonly options: T
  readonly maxPositionals: number
  run(args: ParsedArguments<T & typeof COMMON_OPTIONS>, context: CommandContext): Promise<CommandResult>
}

/** A command as the table of commands sees it. */
export interface Command
  extends Pick<CommandDefinition<CommandOptions>, 'usage' | 'description' | 'examples'> {
  readonly options: CommandOptions
  /** @throws FingerpostError */
  execute(args: readonly string[], context: CommandContext): Promise<ExitCode>
}

/** The options of every command. */
export const COMMON_OPTIONS = {
  json: { kind: 'flag', help: 'Print the result as one JSON object' },
} as const satisfies CommandOptions

/** Connects a command to the command line: parses its arguments and prints its result. */
export function defineCommand<T extends CommandOptions>(definition: CommandDefinition<T>): Command {
  const options: T & typeof COMMON_OPTIONS = { ...definition.options, ...COMMON_OPTIONS }
  return {
    ...definition,
    options,
    async execute(args, context) {
      const parsed = parseArguments(args, options)
      const extra = parsed.positionals[definition.maxPositionals]
      if (extra !== undefined)
        throw new FingerpostError('FP_USAGE', `Unexpected argument ${JSON.stringify(extra)}.`)
      const { exitCode = 0, json, data = '', summary = '' } = await definition.run(parsed, context)
      const { json: asJson } = parsed.options as OptionValues<typeof COMMON_OPTIONS>
      if (asJson) {
        if (json !== undefined) writeJson(json(), context.stdout)
      } else {
        context.stdout.writeData(data)
        context.stderr.write(summary)
      }
      return exitCode
    },
  }
}
