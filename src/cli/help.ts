import type { Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import type { OptionSpec } from './option.ts'
import type { Style } from './output.ts'

/** The text of `fingerpost --help`. */
export function formatHelp(style: Style): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2
  const rows = COMMANDS.map(({ name, summary }) => `  ${style.cyan(name.padEnd(width))}${summary}\n`)
  return [
    `${style.bold('fingerpost')} builds fingerprinted static files and serves them.\n\n`,
    `${style.bold('Usage')}  fingerpost COMMAND [OPTION…]\n\n`,
    `${style.bold('Commands')}\n`,
    ...rows,
    '\n',
    '  fingerpost COMMAND --help tells more. --version prints the version.\n',
    '  Options can stand in fingerpost.config.{ts,mts,js,mjs,json} as well.\n',
  ].join('')
}

/** The text of `fingerpost COMMAND --help`. */
export function formatCommandHelp(name: string, command: Command, style: Style): string {
  const options = Object.entries(command.options).map(([option, spec]) => formatOption(option, spec, style))
  const usage = ['fingerpost', name, command.usage, options.length === 0 ? '' : '[OPTION…]']
  return [
    `${style.bold('Usage')}  ${usage.filter((part) => part !== '').join(' ')}\n\n`,
    `${command.description}\n`,
    ...(options.length === 0 ? [] : [`\n${style.bold('Options')}\n`, ...options]),
  ].join('')
}

const OPTION_WIDTH = 26

/** Characters on a line of help. */
const HELP_WIDTH = 100

function formatOption(name: string, spec: OptionSpec, style: Style): string {
  const written = spec.kind === 'flag' ? `--${name}` : `--${name} ${spec.value}`
  const help = spec.kind === 'list' ? `${spec.help} (may be repeated)` : spec.help
  const column = Math.max(OPTION_WIDTH, written.length + 2)
  const lines = wrap(help, HELP_WIDTH - column - 2).join(`\n${' '.repeat(column + 2)}`)
  return `  ${style.cyan(written)}${' '.repeat(column - written.length)}${lines}\n`
}

function wrap(text: string, width: number): readonly string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + word.length < width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}
