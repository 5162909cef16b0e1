import { FingerpostError } from './error.ts'
import { nearestNames } from './nearest.ts'

/**
 * Reads one value from outside. `where` names it in messages: `out`, `sources[0].prefix`.
 *
 * @throws FingerpostError `FP_CONFIG`
 */
export type OptionParser<T> = (value: unknown, where: string) => T

/** One parser for each option of a shape. */
export type OptionTable<T> = { readonly [Name in keyof T]-?: OptionParser<Exclude<T[Name], undefined>> }

/**
 * Reads an object of options: each given one by its parser; `undefined` counts as not given.
 *
 * @param where names the whole in messages: `the options`, a config file's path
 * @throws FingerpostError `FP_CONFIG` for an unknown name (with the nearest known one) and for a value of the wrong shape
 */
export function parseOptions<T>(value: unknown, table: OptionTable<T>, where: string): Partial<T> {
  const given = asRecord(value, where)
  const parsed: Partial<T> = {}
  for (const [name, each] of Object.entries(given)) {
    if (each === undefined) continue
    if (!Object.hasOwn(table, name)) throw unknownOption(name, where, remedyFor(name, Object.keys(table)))
    const known = name as keyof T
    try {
      parsed[known] = table[known](each, name) as T[keyof T]
    } catch (error) {
      throw tellPlace(error, name, table)
    }
  }
  return parsed
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
    if (!Array.isArray(value)) throw wrongShape(value, where, 'a list')
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
    details: { option: where },
  })
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
