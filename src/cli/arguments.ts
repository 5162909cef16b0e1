import { parseArgs } from 'node:util'
import { FingerpostError } from '../core/error.ts'
import { nearestNames } from '../core/nearest.ts'

/** One option of a command. */
export interface OptionSpec {
  /** `--name`, `--name VALUE` (if it is repeated, the last one wins), or `--name VALUE` any number of times. */
  readonly kind: 'flag' | 'value' | 'list'
  /** One letter, for `-o`. */
  readonly short?: string
  /** The placeholder for the value in `--help`. */
  readonly value?: string
  /** How the value of a `value` is read. Default: any text. */
  readonly type?: ValueType<unknown>
  readonly help: string
}

/** How the value of an option is read. */
export interface ValueType<T> {
  /** What a valid value is, for messages: `a whole number of at least 1`. */
  readonly expected: string
  /** Returns undefined for an invalid value. */
  parse(text: string): T | undefined
}

/** `--name VALUE`, any number of times. */
export interface ListSpec extends Described {
  readonly kind: 'list'
  readonly value: string
}

interface Described {
  /** One letter, for `-o`. */
  readonly short?: string
  readonly help: string
}

/** The options of a command by their long names, without dashes. */
export type CommandOptions = Readonly<Record<string, OptionSpec>>

/** The values of a command's options. */
export type OptionValues<T extends CommandOptions> = {
  readonly [Name in keyof T]: T[Name] extends { readonly kind: 'flag' }
    ? boolean
    : T[Name] extends { readonly kind: 'list' }
      ? readonly string[]
      : (T[Name] extends { readonly type: ValueType<infer Value> } ? Value : string) | undefined
}

/** A parsed command line. */
export interface ParsedArguments<T extends CommandOptions> {
  readonly options: OptionValues<T>
  readonly positionals: readonly string[]
}

/**
 * Parses a command line: `--name value`, `--name=value`, `-n value`, `-nvalue`. After `--` everything is positional. A
 * value that begins with a dash needs the form with `=`.
 *
 * @throws FingerpostError `FP_USAGE` for an unknown option (with the nearest name) and for a missing or invalid value
 */
export function parseArguments<T extends CommandOptions>(
  args: readonly string[],
  specs: T,
): ParsedArguments<T> {
  const values = new Map<string, unknown>(
    Object.entries(specs).map(([name, { kind }]) => [
      name,
      { flag: false, value: undefined, list: [] }[kind],
    ]),
  )
  const positionals: string[] = []
  // Not strict: unknown options and missing values get messages of our own below.
  const config = { args: [...args], strict: false, allowPositionals: true, tokens: true } as const
  for (const token of parseArgs({ ...config, options: toParseArgs(specs) }).tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined
    if (spec === undefined) throw unknownOption(writtenAt(args, token.index), specs)
    const value = readValue(spec, token)
    values.set(token.name, spec.kind === 'list' ? [...(values.get(token.name) as []), value] : value)
  }
  return { options: Object.fromEntries(values) as OptionValues<T>, positionals }
}

/** Whole numbers with a lower bound. */
export function atLeast(minimum: number): ValueType<number> {
  return {
    expected: `a whole number of at least ${minimum}`,
    parse: (text) => (/^\d{1,15}$/.test(text) && Number(text) >= minimum ? Number(text) : undefined),
  }
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): ValueType<T> {
  return {
    expected: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => word === text),
  }
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Durations in whole seconds: `90s`, `15m`, `1h`, `2d`, `1w`. A number without a unit is seconds. */
export const DURATION_SECONDS: ValueType<number> = {
  expected: 'a duration such as 90s, 15m, 1h or 2d',
  parse(text) {
    const [, count, unit = 's'] = /^(\d{1,9})([smhdw])?$/.exec(text) ?? []
    return count === undefined ? undefined : Number(count) * (UNIT_SECONDS[unit] ?? 1)
  },
}

interface OptionToken {
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function toParseArgs(specs: CommandOptions): Record<string, { type: 'boolean' | 'string'; short?: string }> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { kind, short }]) => [
      name,
      { type: kind === 'flag' ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) },
    ]),
  )
}

function readValue(spec: OptionSpec, { rawName, value, inlineValue }: OptionToken): unknown {
  if (spec.kind === 'flag') {
    if (value !== undefined) throw new FingerpostError('FP_USAGE', `${rawName} takes no value.`)
    return true
  }
  if (value === undefined || (inlineValue !== true && value.length > 1 && value.startsWith('-')))
    throw new FingerpostError('FP_USAGE', `${rawName} needs a value: ${rawName} ${spec.value}`)
  if (spec.kind === 'list' || spec.type === undefined) return value
  const parsed = spec.type.parse(value)
  if (parsed !== undefined) return parsed
  throw new FingerpostError('FP_USAGE', `${rawName} ${value}: expected ${spec.type.expected}.`)
}

/** The option as it stands on the command line: `-json`, not the `-j` that `parseArgs` makes of it. */
function writtenAt(args: readonly string[], index: number): string {
  return (args[index] ?? '').replace(/=.*/s, '')
}

function unknownOption(written: string, specs: CommandOptions): FingerpostError {
  const nearest = nearestNames(
    written,
    [...Object.keys(specs), 'help'].map((name) => `--${name}`),
  )
  const remedy =
    nearest.length === 0 ? 'Run with --help to see the options.' : `Did you mean ${nearest.join(' or ')}?`
  return new FingerpostError('FP_USAGE', `Unknown option ${written}.`, {
    remedy,
    details: { option: written },
  })
}
