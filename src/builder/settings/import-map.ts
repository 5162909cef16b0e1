import {
  asListOf,
  asOneOf,
  asRecord,
  asText,
  type OptionParser,
  type OptionTable,
  parseOptions,
  wrongShape,
} from '../../core/option.ts'

/** Bare specifiers by hand, and the npm packages to resolve them to. */
export interface ImportMapOption {
  readonly packages?: PackagesOption
  readonly [specifier: string]: string | PackagesOption | undefined
}

/** `'auto'`: every bare specifier of the sources. A list: these, and what is below them. */
export type PackagesOption = 'auto' | readonly string[] | PackageOptions

/** Which npm packages modules may import, and how. */
export interface PackageOptions {
  /** `'auto'`, or a list as above. Default `'auto'`. */
  readonly names?: 'auto' | readonly string[]
  /**
   * Replaces `process.env.NODE_ENV` in files of packages, and chooses the condition of their `exports`. Default: nothing
   * is replaced, and a package that reads it is refused; the condition is `production`.
   */
  readonly nodeEnv?: 'production' | 'development'
}

/** The option, complete. */
export interface ImportMapConfig {
  /** Logical paths by bare specifier. */
  readonly specifiers: Readonly<Record<string, string>>
  readonly packages?: PackageOptions & Required<Pick<PackageOptions, 'names'>>
}

const asNames: OptionParser<'auto' | readonly string[]> = (value, where) => {
  if (value === 'auto') return value
  if (Array.isArray(value)) return asListOf(asText)(value, where)
  throw wrongShape(value, where, "'auto' or a list of packages")
}

const PACKAGES_TABLE = {
  names: asNames,
  nodeEnv: asOneOf('production', 'development'),
} satisfies OptionTable<PackageOptions>

export const asImportMap: OptionParser<ImportMapOption> = (value, where) => {
  const entries = Object.entries(asRecord(value, where)).map(([name, each]) => {
    const place = `${where}[${name}]`
    return [name, name === 'packages' ? asPackages(each, `${where}.packages`) : asText(each, place)]
  })
  return Object.fromEntries(entries)
}

function asPackages(value: unknown, where: string): PackagesOption {
  const isPlain = value === null || typeof value !== 'object' || Array.isArray(value)
  return isPlain ? asNames(value, where) : parseOptions<PackageOptions>(value, PACKAGES_TABLE, where)
}

export function completeImportMap({ packages, ...specifiers }: ImportMapOption): ImportMapConfig {
  // Every value but that of `packages` is text.
  const config = { specifiers: specifiers as ImportMapConfig['specifiers'] }
  if (packages === undefined) return config
  const options = typeof packages === 'object' && 'length' in packages ? { names: packages } : packages
  return { ...config, packages: options === 'auto' ? { names: 'auto' } : { names: 'auto', ...options } }
}
