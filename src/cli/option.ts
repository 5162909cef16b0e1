import { FingerpostError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'

/** One option of a command, by how often and with what it may be given. */
export type OptionSpec =
  | { readonly kind: 'flag'; readonly help: string }
  /** Given twice, the last one counts. */
  | { readonly kind: 'text'; readonly value: string; readonly help: string }
  /** May be given several times. */
  | { readonly kind: 'list'; readonly value: string; readonly help: string }

/** The options of a command by their long names, without dashes. */
export type OptionTable = Readonly<Record<string, OptionSpec>>

/** What a command line said, as the table promises it. */
export type OptionValues<T extends OptionTable> = {
  readonly [Name in keyof T]: T[Name] extends { readonly kind: 'flag' }
    ? boolean
    : T[Name] extends { readonly kind: 'list' }
      ? readonly string[]
      : string | undefined
}

/** A command line, understood. */
export interface ParsedArguments<T extends OptionTable> {
  readonly options: OptionValues<T>
  readonly positionals: readonly string[]
}

/**
 * Reads a command line: `--name`, `--name value`, `--name=value`; everything after `--` is a positional, and so is `-`.
 * A value that begins with a dash needs the form with `=`.
 *
 * @throws FingerpostError `FP_USAGE` for an unknown option (with the nearest spelling), a missing or superfluous value
 */
export function parseArguments<T extends OptionTable>(argv: readonly string[], table: T): ParsedArguments<T> {
  const values = emptyValues(table)
  const positionals: string[] = []
  const rest = [...argv]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') positionals.push(...rest.splice(0))
    else if (!word.startsWith('-') || word === '-') positionals.push(word)
    else readOption(word, rest, table, values)
  }
  return { options: Object.fromEntries(values) as OptionValues<T>, positionals }
}

/**
 * Reads a whole number.
 *
 * @throws FingerpostError `FP_USAGE` for anything else, and below the minimum
 */
export function parseInteger(text: string, option: string, minimum: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= minimum) return value
  throw new FingerpostError('FP_USAGE', `--${option} ${text}: a whole number from ${minimum} is needed.`)
}

type Value = boolean | string | undefined | readonly string[]

function emptyValues(table: OptionTable): Map<string, Value> {
  const empty = { flag: false, text: undefined, list: [] }
  return new Map(Object.entries(table).map(([name, { kind }]): [string, Value] => [name, empty[kind]]))
}

function readOption(word: string, rest: string[], table: OptionTable, values: Map<string, Value>): void {
  const equals = word.indexOf('=')
  const written = equals === -1 ? word : word.slice(0, equals)
  const name = written.replace(/^--/, '')
  const spec = Object.hasOwn(table, name) && written.startsWith('--') ? table[name] : undefined
  if (spec === undefined) throw unknownOption(written, table)
  const given = equals === -1 ? undefined : word.slice(equals + 1)
  if (spec.kind === 'flag') {
    if (given !== undefined) throw new FingerpostError('FP_USAGE', `${written} takes no value.`)
    values.set(name, true)
    return
  }
  const value = given ?? takeValue(rest)
  if (value === undefined)
    throw new FingerpostError('FP_USAGE', `${written} needs a value: ${written} ${spec.value}`)
  const before = values.get(name)
  values.set(name, Array.isArray(before) ? [...before, value] : value)
}

function takeValue(rest: string[]): string | undefined {
  const [next] = rest
  return next === undefined || (next.startsWith('-') && next !== '-') ? undefined : rest.shift()
}

function unknownOption(written: string, table: OptionTable): FingerpostError {
  const known = Object.keys(table).map((name) => `--${name}`)
  const nearest = nearestNames(written, [...known, '--help'])
  const remedy =
    nearest.length === 0 ? 'See --help for what there is.' : `Did you mean ${nearest.join(' or ')}?`
  return new FingerpostError('FP_USAGE', `There is no option ${written}.`, {
    remedy,
    details: { option: written },
  })
}
