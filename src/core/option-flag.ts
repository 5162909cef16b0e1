import { entryOf, type OptionFlag, type OptionTable } from './option.ts'

/** The flags of these options by name, without dashes. Default: of all options that have one. */
export function flagsOf<T>(
  table: OptionTable<T>,
  ...names: readonly (keyof T)[]
): Readonly<Record<string, OptionFlag>> {
  const wanted = names.length === 0 ? (Object.keys(table) as (keyof T)[]) : names
  return Object.fromEntries(
    wanted.flatMap((option) => {
      const { flag } = entryOf(table[option])
      return flag === undefined ? [] : [[flagName(option, flag), flag]]
    }),
  )
}

/**
 * Options with those of a command line on top.
 *
 * @param before the options of the config file, unchecked
 * @param given values by flag name; `undefined`, `false` and `[]` count as not given
 * @param cwd where relative paths of the command line start
 */
export function applyFlags<T>(
  table: OptionTable<T>,
  before: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  cwd: string,
): Readonly<Record<string, unknown>> {
  const merged: Record<string, unknown> = { ...before }
  for (const option of Object.keys(table)) {
    const { flag } = entryOf(table[option as keyof T])
    const value = flag && given[flagName(option, flag)]
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) continue
    const read = (flag?.read ?? addToList) as typeof addToList
    merged[option] = read(value, cwd, before[option])
  }
  return merged
}

function flagName(option: PropertyKey, { name }: OptionFlag): string {
  return name ?? String(option).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** A list goes behind the one of the config file; anything else replaces it. */
function addToList(given: unknown, _cwd: string, before: unknown): unknown {
  return Array.isArray(given) && Array.isArray(before) ? [...before, ...given] : given
}
