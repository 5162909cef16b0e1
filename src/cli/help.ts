import type { OptionSpec } from './arguments.ts'
import type { Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import type { Style } from './output.ts'

/** The width of all help, in characters. */
const WIDTH = 80

/** The text of `fingerpost --help`. */
export function formatHelp(style: Style): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]): Row => [name, summary])
  const options: readonly Row[] = [
    ['-h, --help', 'Show help'],
    ['-v, --version', 'Show the version'],
  ]
  return [
    'Build fingerprinted static files and serve them.\n\n',
    `${style.bold('Usage:')} fingerpost COMMAND [OPTIONS]\n\n`,
    `${style.bold('Commands:')}\n`,
    ...formatTable(commands, style),
    `\n${style.bold('Options:')}\n`,
    ...formatTable(options, style),
    '\nRun "fingerpost COMMAND --help" for the options of a command. Build options can\n',
    'also be set in fingerpost.config.{ts,mts,js,mjs,json}.\n',
  ].join('')
}

/** The text of `fingerpost COMMAND --help`. */
export function formatCommandHelp(name: string, command: Command, style: Style): string {
  const { description, usage, options, examples } = command
  const rows = Object.entries(options).map(
    ([option, spec]): Row => [formatOption(option, spec), helpOf(spec)],
  )
  return [
    `${wrap(description, WIDTH).join('\n')}\n\n`,
    `${style.bold('Usage:')} ${['fingerpost', name, '[OPTIONS]', usage].join(' ').trimEnd()}\n\n`,
    `${style.bold('Options:')}\n`,
    ...formatTable([...rows, ['-h, --help', 'Show this help']], style),
    `\n${style.bold('Examples:')}\n`,
    ...examples.map((example) => `  fingerpost ${example}\n`),
  ].join('')
}

type Row = readonly [term: string, help: string]

/** Two columns. Help that doesn't fit beside its term is wrapped within its column. */
function formatTable(rows: readonly Row[], style: Style): readonly string[] {
  const column = Math.max(...rows.map(([term]) => term.length)) + 4
  return rows.map(([term, help]) => {
    const lines = wrap(help, WIDTH - column).join(`\n${' '.repeat(column)}`)
    return `  ${style.cyan(term)}${' '.repeat(column - term.length - 2)}${lines}\n`
  })
}

function formatOption(name: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? '    ' : `-${spec.short}, `
  return `${short}--${name}${spec.kind === 'flag' ? '' : ` ${spec.value}`}`
}

function helpOf(spec: OptionSpec): string {
  return spec.kind === 'list' ? `${spec.help} (repeatable)` : spec.help
}

function wrap(text: string, width: number): readonly string[] {
  const lines = ['']
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? ''
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + word.length < width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}
