import { FingerpostError } from '../../core/error.ts'
import {
  asFunction,
  asListOf,
  asRecord,
  asText,
  type OptionParser,
  type OptionTable,
  parseOptions,
  wrongShape,
} from '../../core/option.ts'
import type { LogicalPath } from '../../core/path.ts'

/** Makes other bytes of files before they are scanned: a minifier, Sass. */
export interface TransformOption {
  /** Globs of logical paths; one without a slash matches names in any folder. */
  readonly match: string | readonly string[]
  /** Results are cached under it: change it with everything that `apply` does differently, such as its packages. */
  readonly version: string
  /** Extensions of the results, where they are others: `{ '.scss': '.css' }`. Default: names stay. */
  readonly rename?: Readonly<Record<string, string>>
  /**
   * Makes the new content; undefined leaves the file as it is. Synchronous, because live mode calls it while a template
   * waits for a name. Its result may depend on its arguments and on what the context reads, and on nothing else.
   */
  readonly apply: (path: LogicalPath, bytes: Buffer, context: TransformContext) => TransformResult
}

/** Text is written as UTF-8. */
export type TransformResult = Uint8Array | string | undefined

/** What a transform knows of its file besides the content. Relative paths start in the folder of the file. */
export interface TransformContext {
  /** Absolute path of the file. */
  readonly file: string
  /** The bytes of another file; undefined if there is none. The result depends on it from now on. */
  read(file: string): Buffer | undefined
  /** Makes the result depend on a file that was read by other means. */
  dependOn(file: string): void
}

/** Finds references in a type of file that fingerpost doesn't know. */
export interface ScannerOption {
  /** Globs of logical paths; one without a slash matches names in any folder. */
  readonly match: string | readonly string[]
  /** Results are cached under it: change it with everything that `scan` does differently. */
  readonly version: string
  /** Every URL with its offset in the text, in UTF-16 code units, as strings count. Which are rewritten is decided later. */
  readonly scan: (text: string) => Iterable<FoundUrl>
}

/** A URL as it stands in a text, without quotes. */
export interface FoundUrl {
  readonly start: number
  readonly url: string
}

const asGlobs: OptionParser<string | readonly string[]> = (value, where) =>
  typeof value === 'string' ? asText(value, where) : asListOf(asText)(value, where)

const asRename: OptionParser<Readonly<Record<string, string>>> = (value, where) => {
  const pairs = Object.entries(asRecord(value, where))
  const isExtension = (text: unknown) => typeof text === 'string' && /^(?:\.[^./\\]+)+$/.test(text)
  if (pairs.every((pair) => pair.every(isExtension)))
    return Object.fromEntries(pairs) as Record<string, string>
  throw wrongShape(value, where, "extensions by extension: { '.scss': '.css' }")
}

const TRANSFORM_TABLE = {
  match: asGlobs,
  version: asText,
  rename: asRename,
  apply: asFunction<TransformOption['apply']>,
} satisfies OptionTable<TransformOption>

const SCANNER_TABLE = {
  match: asGlobs,
  version: asText,
  scan: asFunction<ScannerOption['scan']>,
} satisfies OptionTable<ScannerOption>

export const asTransform: OptionParser<TransformOption> = (value, where) =>
  withAll(parseOptions<TransformOption>(value, TRANSFORM_TABLE, where), where, 'apply')

export const asScanner: OptionParser<ScannerOption> = (value, where) =>
  withAll(parseOptions<ScannerOption>(value, SCANNER_TABLE, where), where, 'scan')

/** @throws FingerpostError `FP_CONFIG` that says why a member is needed */
function withAll<T extends { readonly match: unknown; readonly version: unknown }>(
  option: Partial<T>,
  where: string,
  work: keyof T & string,
): T {
  const remedies: readonly (readonly [keyof T & string, string])[] = [
    [work, "JSON can't hold a function: use fingerpost.config.mjs, or pass the options to build()."],
    ['match', "Say which files it is for: match: '**/*.css'"],
    [
      'version',
      `Results are cached under it: version: '1', and another whenever ${work} does something else.`,
    ],
  ]
  for (const [name, remedy] of remedies) {
    if (option[name] !== undefined) continue
    throw new FingerpostError('FP_CONFIG', `${where} has no ${name}.`, { remedy, details: { option: where } })
  }
  return option as T
}
