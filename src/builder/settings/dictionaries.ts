import { DELTA_ENCODINGS, type DeltaEncoding } from '../../core/encoding.ts'
import { LIMITS } from '../../core/limit.ts'
import {
  asCount,
  asCountWithin,
  asListOf,
  asOneOf,
  asOptions,
  type Completed,
  completeOptions,
  type OptionParser,
  type OptionTable,
  orFlag,
} from '../../core/option.ts'

/** Which files are dictionaries, and which deltas are made. */
export interface DictionaryOptions {
  /** Default `['dcb']`, which needs Node 24.15 or newer; `dcz` needs Node 22.19 or 24.6. */
  readonly encodings?: readonly DeltaEncoding[]
  /** Earlier contents of a file for which there are deltas, 1 to 5. Default 2. */
  readonly versions?: number
  /** Bytes of a file below which it is left out. Default 1024. */
  readonly minBytes?: number
  /** Files that are offered to browsers, the largest first: they hold 500 for a site. Default 400. */
  readonly maxFiles?: number
}

const DICTIONARY_TABLE = {
  encodings: {
    parse: asListOf(asOneOf(...DELTA_ENCODINGS)),
    default: ['dcb'] as readonly DeltaEncoding[],
    complete: (chosen: readonly DeltaEncoding[]) => DELTA_ENCODINGS.filter((each) => chosen.includes(each)),
  },
  versions: { parse: asCountWithin(1, 5), default: LIMITS.deltaVersions as number },
  minBytes: { parse: asCount, default: LIMITS.dictionaryMinBytes as number },
  maxFiles: { parse: asCount, default: LIMITS.dictionaryMaxFiles as number },
} satisfies OptionTable<DictionaryOptions>

/** {@link DictionaryOptions} with defaults. */
export type DictionarySettings = Completed<typeof DICTIONARY_TABLE>

export const asDictionaries: OptionParser<boolean | DictionaryOptions> = orFlag(
  asOptions<DictionaryOptions>(DICTIONARY_TABLE),
)

export function completeDictionaries(
  given: boolean | DictionaryOptions,
  cwd: string,
): DictionarySettings | false {
  return given !== false && completeOptions(given === true ? {} : given, DICTIONARY_TABLE, cwd)
}
