import { FingerpostError } from './error.ts'
import { nearestNames } from './nearest.ts'

/**
 * Checks a value from outside and returns it with its type. `where` names it in messages: `out`, `sources[0].prefix`.
 *
 * @throws FingerpostError `FP_CONFIG`
 */
export type OptionParser<T> = (value: unknown, where: string) => T

/** One option. Its type and docstring stand in the interface beside the table, so that editors show them. */
export interface OptionEntry<T> {
  readonly parse: OptionParser<T>
  /** The value of an option that isn't given. */
  readonly default?: T
  /** Turns the value into the form that the code uses, e.g. an absolute path. `cwd`: where relative paths start. */
  readonly complete?: (value: T, cwd: string) => unknown
  /** Sets the option on the command line. */
  readonly flag?: OptionFlag
}

/** A row of a table. A parser alone: no default, no flag. */
export type OptionRow<T> = OptionParser<T> | OptionEntry<T>

/**
 * A row for each option of an interface. Declare it with `satisfies OptionTable<…>`: {@link Completed} then derives the
 * types of the complete options from it.
 */
export type OptionTable<T> = { readonly [Name in keyof T]-?: OptionRow<Exclude<T[Name], undefined>> }

/** A flag of the command line: `--name`, `--name VALUE`, or `--name VALUE` any number of times. */
export type OptionFlag =
  | FlagSpec<'flag', true>
  | ValueSpec<'value', string>
  | ValueSpec<'list', readonly string[]>

interface FlagSpec<Kind, Given> {
  readonly kind: Kind
  /** Default: the option's name with dashes, `--allow-missing`. */
  readonly name?: string
  /** One letter, for `-o`. */
  readonly short?: string
  /** For `--help`. */
  readonly help: string
  /** What the option becomes. Default: what is given; a list is added to `before`, the config file's. */
  readonly read?: (given: Given, cwd: string, before: unknown) => unknown
}

interface ValueSpec<Kind, Given> extends FlagSpec<Kind, Given> {
  /** The placeholder in `--help`: `DIR`. */
  readonly value: string
}

/** Options with their defaults, completed. Undefined only where there is no default. */
export type Completed<Table> = { readonly [Name in keyof Table]: CompletedRow<Table[Name]> }

type CompletedRow<Row> =
  Row extends OptionParser<infer T>
    ? T | undefined
    : Row extends { readonly complete: (value: never, cwd: string) => infer C }
      ? C | Missing<Row>
      : Row extends { readonly parse: OptionParser<infer T> }
        ? T | Missing<Row>
        : never

type Missing<Row> = Row extends { readonly default: unknown } ? never : undefined

/**
 * Checks an object of options; `undefined` counts as not given.
 *
 * @param where names the whole in messages: `the options`, a config file's path
 * @throws FingerpostError `FP_CONFIG` for an unknown name (with the nearest known one) and for a value of the wrong shape
 */
export function parseOptions<T>(value: unknown, table: OptionTable<T>, where: string): Partial<T> {
  const parsed: Record<string, unknown> = {}
  for (const [name, each] of Object.entries(asRecord(value, where))) {
    if (each === undefined) continue
    if (!Object.hasOwn(table, name)) throw unknownOption(name, where, remedyFor(name, Object.keys(table)))
    try {
      parsed[name] = entryOf(table[name as keyof T]).parse(each, name)
    } catch (error) {
      throw tellPlace(error, name, table)
    }
  }
  return parsed as Partial<T>
}

/** Marks an object of keyword arguments as Nunjucks passes it. */
export const KEYWORD_MARK = '__keywords'

/**
 * {@link parseOptions} for a function that templates call with options. What callers add by themselves is left out: the
 * index of `names.map(url)`, Nunjucks' mark, what Handlebars knows of a call beside its `hash`.
 */
export function parseCallOptions<T>(value: unknown, table: OptionTable<T>, where: string): Partial<T> {
  if (value === undefined || typeof value === 'number') return {}
  const { hash, [KEYWORD_MARK]: _mark, ...given } = asRecord(value, where)
  return parseOptions(hash ?? given, table, where)
}

/** Fills in defaults and completes every option. @param cwd where relative paths start */
export function completeOptions<T, Table extends OptionTable<T>>(
  options: Partial<T>,
  table: Table,
  cwd: string,
): Completed<Table> {
  const completed = Object.keys(table).map((name) => {
    const { default: usual, complete } = entryOf(table[name as keyof T] as OptionRow<unknown>)
    const value = options[name as keyof T] ?? usual
    return [name, value === undefined || complete === undefined ? value : complete(value, cwd)]
  })
  return Object.fromEntries(completed) as Completed<Table>
}

/** The defaults of a table's options. */
export function defaultsOf<Table extends object>(table: Table): Defaults<Table> {
  const rows = Object.entries(table as Readonly<Record<string, OptionRow<unknown>>>)
  return Object.fromEntries(rows.map(([name, row]) => [name, entryOf(row).default])) as Defaults<Table>
}

type Defaults<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly default: infer D } ? D : undefined
}

/** A row in its long form. */
export function entryOf<T>(row: OptionRow<T>): OptionEntry<T> {
  return typeof row === 'function' ? { parse: row } : row
}

/** Any text but the empty one. */
export const asText: OptionParser<string> = (value, where) => {
  if (typeof value === 'string' && value !== '') return value
  throw wrongShape(value, where, 'text')
}

/** A whole number from 0. */
export const asCount: OptionParser<number> = (value, where) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw wrongShape(value, where, 'a whole number from 0')
}

/** A whole number within these bounds, both included. */
export function asCountWithin(min: number, max: number): OptionParser<number> {
  return (value, where) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw wrongShape(value, where, `a whole number from ${min} to ${max}`)
  }
}

export const asFlag: OptionParser<boolean> = (value, where) => {
  if (typeof value === 'boolean') return value
  throw wrongShape(value, where, 'true or false')
}

/** A function of whatever shape its type says: what it takes and gives can't be seen from outside. */
export const asFunction = <T extends (...given: never[]) => unknown>(value: unknown, where: string): T => {
  if (typeof value === 'function') return value as T
  throw wrongShape(value, where, 'a function')
}

/** Whatever it is: who uses it checks it. */
export const asAnything = <T>(value: unknown): T => value as T

/** One of a few words. */
export function asOneOf<const T extends string>(...words: readonly T[]): OptionParser<T> {
  return (value, where) => {
    const found = words.find((word) => word === value)
    if (found === undefined) throw wrongShape(value, where, `one of ${words.join(', ')}`)
    return found
  }
}

/** A list whose entries are all of one kind. */
export function asListOf<T>(parse: OptionParser<T>): OptionParser<readonly T[]> {
  return (value, where) => {
    if (!Array.isArray(value))
      throw wrongShape(value, where, `a list, such as [${JSON.stringify(value) ?? ''}]`)
    return value.map((entry: unknown, index) => parse(entry, `${where}[${index}]`))
  }
}

/** A plain object, whatever is in it. */
export function asRecord(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>
  }
  throw wrongShape(value, where, 'an object')
}

/** The error for a value that isn't what was asked for. */
export function wrongShape(value: unknown, where: string, wanted: string): FingerpostError {
  const shown = JSON.stringify(value) ?? String(value)
  return new FingerpostError('FP_CONFIG', `${where} should be ${wanted}; it is ${shown.slice(0, 80)}.`, {
    details: { option: where, wanted },
  })
}

/** False, or what another parser accepts. */
export function orFalse<T>(parse: OptionParser<T>): OptionParser<T | false> {
  const orElseFalse = orElse(parse, ' or false')
  return (value, where) => (value === false ? false : orElseFalse(value, where))
}

/** True, false, or what another parser accepts. */
export function orFlag<T>(parse: OptionParser<T>): OptionParser<boolean | T> {
  const orElseFlag = orElse(parse, ', true or false')
  return (value, where) => (typeof value === 'boolean' ? value : orElseFlag(value, where))
}

/** A set of options with a table of its own. */
export function asOptions<T>(table: OptionTable<T>): OptionParser<Partial<T>> {
  return (value, where) => parseOptions<T>(value, table, where)
}

/** A parser whose errors name what else the option may be, as ` or false`. */
function orElse<T>(parse: OptionParser<T>, other: string): OptionParser<T> {
  return (value, where) => {
    try {
      return parse(value, where)
    } catch (error) {
      const { option, wanted } = error instanceof FingerpostError ? error.details : {}
      throw option === where && wanted !== undefined ? wrongShape(value, where, wanted + other) : error
    }
  }
}

/** The same error, or, where `inner` has no option of that name and those around it do, one that says where it belongs. */
function tellPlace(error: unknown, inner: string, table: object): unknown {
  if (!(error instanceof FingerpostError)) return error
  const { option, unknownIn } = error.details
  if (unknownIn !== inner || typeof option !== 'string' || !Object.hasOwn(table, option)) return error
  return unknownOption(option, inner, { remedy: `It stands beside it: { ${inner}: …, ${option}: … }` })
}

function remedyFor(name: string, known: readonly string[]): Remedy {
  const [nearest] = nearestNames(name, known)
  return nearest === undefined
    ? { remedy: `Options: ${known.join(', ')}` }
    : { remedy: `Did you mean ${nearest}?`, nearest }
}

interface Remedy {
  readonly remedy: string
  readonly nearest?: string
}

function unknownOption(option: string, where: string, { remedy, nearest }: Remedy): FingerpostError {
  return new FingerpostError('FP_CONFIG', `There is no option ${JSON.stringify(option)} in ${where}.`, {
    remedy,
    details: { option, nearest, unknownIn: where },
  })
}
